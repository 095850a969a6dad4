import { DependencyUnavailable } from '../../app/ports.ts';
import { type Target, TemplateLeaks } from '../../app/ports-of-targets.ts';
import { type PostgresResource, templateFor } from '../../core/config/resource.ts';
import { grantOfDatabaseUser } from '../../core/grant/ids.ts';
import type { EpochMs } from '../../core/time.ts';
import type { SignOwn } from '../database/sign-own.ts';
import { TargetRefusal } from '../database/target-refusal.ts';
import { closeRole } from './close-role.ts';
import { inEndingPlace } from './ending-place.ts';
import { grantVerifier } from './grant-verifier.ts';
import { maskedReach } from './masked-reach.ts';
import { openRole } from './open-role.ts';
import { asAdmin } from './session.ts';

/** A login cannot mask, so one that must not see everything is made only where its rights do not reach that far. */
const refuseLeaks = async (
  { resource, template }: { readonly resource: PostgresResource; readonly template: string },
  signOwn: SignOwn,
): Promise<void> => {
  const { database } = resource.target;
  const ways = await asAdmin({ resource, signOwn, database }, (session) =>
    maskedReach(session, template, resource.sensitive),
  );
  if (ways.length > 0) throw new TemplateLeaks(`the template of ${resource.id} reaches what it must not`);
};

/** Locks, limits and lack of room: the same request may succeed in a while. */
const PASSING = /^(40|53|55P03|57014)/;

/** The port `Target` on a PostgreSQL that `docs/targets/postgres.sql` has prepared. */
export const postgresTarget = (tools: {
  readonly signOwn: SignOwn;
  readonly clock: () => EpochMs;
}): Target<PostgresResource> => ({
  async open({ resource, grant, isStillWanted }) {
    const template = templateFor(resource, grant.rights);
    // What it was granted for is no longer offered.
    if (template === undefined) return 'unwanted';
    try {
      if (grant.rights === 'connect_masked') await refuseLeaks({ resource, template }, tools.signOwn);
      const verifier = await grantVerifier({ resource, grantId: grant.id }, tools.signOwn);
      const ask = { resource, grantId: grant.id, template, verifier, isStillWanted };
      return await asAdmin({ resource, ...tools }, (session) => openRole(session, ask));
    } catch (error) {
      const isPassing = error instanceof TargetRefusal && PASSING.test(error.code);
      throw isPassing ? new DependencyUnavailable('target', error) : error;
    }
  },
  async close(ask) {
    try {
      return await inEndingPlace({ ...ask, ...tools }, (session) => closeRole(session, ask, tools));
    } catch (error) {
      if (!(error instanceof DependencyUnavailable)) throw error;
      return { dead: false, steps: [], error: 'connect:unavailable' };
    }
  },
  inventory: (resource) =>
    asAdmin({ resource, signOwn: tools.signOwn }, async (session) => {
      const rows = await session.ask<{ name: string }>(
        "SELECT rolname AS name FROM pg_roles WHERE starts_with(rolname, 'lk_')",
      );
      return rows.map(({ name }) => grantOfDatabaseUser(name));
    }),
});
