import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type GrantedUsers, isAccessDenied, startGrantedUsers } from './mysql/granted-users.ts';
import { serverMakes } from './mysql/servers.ts';

const MINUTE_MS = 60_000;
const FIVE_MINUTES_MS = 5 * MINUTE_MS;

for (const make of serverMakes())
  describe(`${make.name}, whose clock is not ours`, () => {
    let users: GrantedUsers;
    before(async () => {
      users = await startGrantedUsers(make, 'iam');
    });
    after(() => users?.stop());

    for (const skewMs of [-FIVE_MINUTES_MS, FIVE_MINUTES_MS])
      test(`opens and ends a grant while it is five minutes ${skewMs < 0 ? 'behind' : 'ahead'}`, async () => {
        users.setSkew(skewMs);
        const grant = await users.open();
        const session = await grant.logIn();
        await session.query('SELECT 1 FROM orders');
        const { dead, error, steps } = await grant.close();
        assert.deepEqual([dead, error], [true, undefined]);
        assert.ok(steps.some(({ name, outcome }) => name === 'probe' && outcome === 'refused'));
        await assert.rejects(session.query('SELECT 1'));
        await assert.rejects(grant.logIn(), isAccessDenied);
      });

    test('is not taken for dead once it lets the administrator in no more', async () => {
      users.setSkew(0);
      const grant = await users.open();
      for (const skewMs of [-6 * MINUTE_MS, 16 * MINUTE_MS]) {
        users.setSkew(skewMs);
        const { dead, error } = await grant.close();
        assert.deepEqual([dead, error], [false, 'connect:unavailable']);
      }
      users.setSkew(0);
      await (await grant.logIn()).query('SELECT 1 FROM orders');
      assert.equal((await grant.close()).dead, true);
    });
  });
