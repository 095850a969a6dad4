import { DependencyUnavailable } from '../../app/ports.ts';
import type { CloseReport, Target } from '../../app/ports-of-targets.ts';
import type { SshResource } from '../../core/config/resource.ts';
import type { EndingStep } from '../../core/grant/grant.ts';
import { type EndReport, readEndReport } from '../../core/ssh/end-report.ts';
import type { EpochMs } from '../../core/time.ts';
import type { MachineAnswer, RunOnMachine } from './machine-commands.ts';

/** A machine that could not end what it would let in. Its name ends in a code that says what it lacks. */
export class MachineNotReady extends Error {
  override readonly name: string;
  constructor(lack: string) {
    super(lack);
    this.name = `MachineNotReady:${lack}`;
  }
}

/**
 * The port `Target` for SSH. A grant opens nothing at its machine: keys are pushed when they are asked for. But nothing is pushed to a
 * machine that was not seen to be able to end it.
 */
export const sshTarget = (tools: {
  readonly runOnMachine: RunOnMachine;
  readonly clock: () => EpochMs;
}): Target<SshResource> => ({
  async open({ resource, grant, isStillWanted }) {
    const answer = await tools.runOnMachine(resource, [], grant.id);
    const [lack] = read(answer).lacks;
    if (lack?.startsWith(UNREACHED)) throw new DependencyUnavailable('target', new Error(lack));
    if (lack !== undefined) throw new MachineNotReady(lack);
    return (await isStillWanted()) ? 'opened' : 'unwanted';
  },
  async close(ask) {
    const keys = ask.grant?.publicKeys ?? [];
    const stepAt = (name: string, outcome: string) => ({ name, outcome, atMs: tools.clock() - ask.since });
    if (keys.length === 0) return { dead: true, steps: [stepAt('keys', 'none')], error: undefined };
    try {
      return reportOf(await tools.runOnMachine(ask.resource, keys, ask.grantId), stepAt);
    } catch (error) {
      if (!(error instanceof DependencyUnavailable)) throw error;
      return { dead: false, steps: [], error: `${UNREACHED}unavailable` };
    }
  },
  // What a machine holds is known by the keys of grants, and by nothing else.
  inventory: async () => [],
});

const UNREACHED = 'reach:';

interface Reading {
  readonly report: EndReport | undefined;
  /** What stands in the way of calling it dead, the first one first: `<step>:<code>`. */
  readonly lacks: readonly string[];
}

const read = (answer: MachineAnswer): Reading => {
  if (!answer.answered) return { report: undefined, lacks: [`${UNREACHED}${answer.code}`] };
  const report = readEndReport(answer.output);
  if (!report) return { report, lacks: [`${UNREACHED}unreadable`] };
  const lacks = [
    ...(report.refused === 'yes' ? [] : [`refuse_keys:${report.refused}`]),
    ...(report.left === 0 ? [] : ['end_sessions:still_there']),
    ...(report.ways === 'one' ? [] : [`other_ways:${report.ways}`]),
  ];
  return { report, lacks };
};

type StepAt = (name: string, outcome: string) => EndingStep;

const reportOf = (answer: MachineAnswer, stepAt: StepAt): CloseReport => {
  const { report, lacks } = read(answer);
  const steps = report ? stepsOf(report, stepAt) : [];
  return { dead: lacks.length === 0, steps, error: lacks[0] };
};

const stepsOf = ({ refused, ways, found, unknown, left }: EndReport, stepAt: StepAt): EndingStep[] => [
  stepAt('refuse_keys', refused === 'yes' ? 'in_force' : refused),
  stepAt('end_sessions', left > 0 ? 'still_there' : endedOf(found, unknown)),
  stepAt('other_ways', ways === 'one' ? 'none' : ways),
];

/** Sessions of which no log told the key are ended too, and told apart here. */
const endedOf = (found: number, unknown: number): string => {
  const outcome = found === 0 ? 'none' : `ended_${found}`;
  return unknown === 0 ? outcome : `${outcome}_unknown_${unknown}`;
};
