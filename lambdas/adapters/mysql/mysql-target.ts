import { DependencyUnavailable } from '../../app/ports.ts';
import type { Target } from '../../app/ports-of-targets.ts';
import type { MysqlResource } from '../../core/config/resource.ts';
import { TargetRefusal } from '../database/target-refusal.ts';
import { type CloseTools, closeUser } from './close-user.ts';
import { identityOfGrant } from './identity.ts';
import { openUser } from './open-user.ts';
import { asAdmin } from './session.ts';

/** Locks, limits and lack of room: the same request may succeed in a while. */
const PASSING: ReadonlySet<string> = new Set(['1040', '1203', '1205', '1213', '1226']);

/** The port `Target` on a MySQL or MariaDB that `docs/targets/mysql.sql` has prepared. */
export const mysqlTarget = (tools: CloseTools): Target<MysqlResource> => ({
  async open({ resource, grant, isStillWanted }) {
    const ask = { resource, grantId: grant.id };
    try {
      const identity = await identityOfGrant(ask, tools.signOwn);
      return await asAdmin({ resource, ...tools }, (session) =>
        openUser(session, { ...ask, identity, isStillWanted }),
      );
    } catch (error) {
      const isPassing = error instanceof TargetRefusal && PASSING.has(error.code);
      throw isPassing ? new DependencyUnavailable('target', error) : error;
    }
  },
  async close({ resource, grantId, since }) {
    const ask = { resource, grantId, since };
    try {
      const identity = await identityOfGrant(ask, tools.signOwn);
      return await asAdmin({ resource, ...tools }, (session) =>
        closeUser(session, { ...ask, identity }, tools),
      );
    } catch (error) {
      if (!(error instanceof DependencyUnavailable)) throw error;
      return { dead: false, steps: [], error: 'connect:unavailable' };
    }
  },
  inventory: (resource) =>
    asAdmin({ resource, signOwn: tools.signOwn }, async (session) => {
      const rows = await session.ask<{ grant_id: string }>('CALL latchkey.inventory()');
      return rows.map(({ grant_id }) => grant_id);
    }),
});
