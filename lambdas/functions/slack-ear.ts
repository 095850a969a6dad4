import type * as z from 'zod';
import type { Dynamo } from '../adapters/dynamo/dynamo-call.ts';
import { claimOnce } from '../adapters/dynamo/replay-store.ts';
import { slackAnswers } from '../adapters/slack-answers.ts';
import { type DecideDeps, decideApproval } from '../app/decide-approval.ts';
import { DependencyUnavailable } from '../app/ports.ts';
import { recordAside } from '../app/record-refusal.ts';
import type { ConsoleHandler } from '../console/request.ts';
import { slackInteraction } from '../console/slack-interaction.ts';
import type { ConsoleEnvironment } from './console.env.ts';

export interface SlackEar {
  readonly environment: z.output<typeof ConsoleEnvironment>;
  readonly dynamo: Dynamo;
  readonly signingSecret: () => Promise<string | undefined>;
}

/** Hears the buttons of messages; undefined where settings name no workspace and no app. */
export const slackEar = (
  deps: DecideDeps,
  { environment, dynamo, signingSecret }: SlackEar,
): ConsoleHandler | undefined => {
  const { SLACK_TEAM_ID: teamId, SLACK_APP_ID: appId } = environment;
  if (teamId === undefined || appId === undefined) return undefined;
  return slackInteraction({
    signingSecret: async () => {
      const secret = await signingSecret();
      if (secret === undefined)
        throw new DependencyUnavailable('secrets', new Error('slackSigningSecret is missing'));
      return secret;
    },
    home: { teamId, appId },
    principals: deps.principals,
    decide: (visitor, ask) => decideApproval(deps, visitor, ask),
    claimOnce: claimOnce(dynamo, deps.clock),
    recordUnknown: (caller, fact) => recordAside(deps, caller, fact),
    whisper: slackAnswers,
    clock: deps.clock,
    log: deps.log,
  });
};
