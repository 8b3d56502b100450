/** Witnesses on a real server: they speak for a transaction that was committed, and against one that was not. */
import fc from 'fast-check';
import { planWitnesses, wasCommitted } from '../../../src/engine/apply/witness.js';
import { transact } from '../../support/judge/judge.js';
import { lawRuns } from '../../support/law-runs.js';
import { Engine, OVERWRITE } from '../../support/servers/engine.js';
import { nbctl, startOvsdbServer } from '../../support/servers/ovsdb-server.js';

/** Members of JavaScript objects that look like numbers come before all others, in the order of those numbers. */
const key = fc.oneof(
  fc.nat(20).map(String),
  fc.constantFrom('4294967294', '4294967295', '-1', '01', '1.5', '', '__proto__', 'constructor', 'ü', '\u{1f600}', '"'),
  fc.string({ unit: 'grapheme', maxLength: 3 }),
);

it('an update of a map speaks for itself, whatever the keys of the map are', async () => {
  await using server = await startOvsdbServer();
  await nbctl(server.remote, 'init', '--', 'ls-add', 'web');
  const engine = new Engine(server.remote);
  const write = (ids: readonly (readonly [string, string])[]): Promise<unknown> =>
    transact(server.remote, [
      { op: 'update', table: 'Logical_Switch', where: [], row: { external_ids: ['map', ids] } },
    ]);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 6 }), async (keys) => {
      await write(keys.map((name, i) => [name, `value ${i}`]));
      const backup = await engine.capture();
      await write([['someone', 'else']]);
      const witnesses = planWitnesses(await engine.plan(backup, OVERWRITE));
      expect(witnesses).toMatchObject([{ kind: 'UPDATE', values: [], parts: [{ column: 'external_ids' }] }]);
      expect(await engine.session((session) => wasCommitted(session, witnesses))).toBe(false);
      await write(keys.map((name, i) => [name, `value ${i}`]));
      expect(await engine.session((session) => wasCommitted(session, witnesses))).toBe(true);
    }),
    { seed: 20_260, numRuns: lawRuns(12), examples: [[['9', '10']]] },
  );
});

it('an update speaks for itself beside what others put into its columns, and tells nothing of the backup', async () => {
  await using server = await startOvsdbServer();
  const nb = (...words: readonly string[]): Promise<string> => nbctl(server.remote, ...words);
  await nb('init', '--', 'ls-add', 'web', '--', 'lsp-add', 'web', 'web-1', '--', 'pg-add', 'pg', 'web-1');
  await nb('set', 'Port_Group', 'pg', 'external_ids:a=secret', 'external_ids:b=1');
  const engine = new Engine(server.remote);
  const backup = await engine.capture();
  await nb('clear', 'Port_Group', 'pg', 'ports', '--', 'set', 'Port_Group', 'pg', 'external_ids:a=other');
  const plan = await engine.plan(backup, OVERWRITE);
  const witnesses = planWitnesses(plan);
  const isIn = (): Promise<boolean> => engine.session((session) => wasCommitted(session, witnesses));
  expect(await isIn()).toBe(false);
  await engine.apply(plan);
  await nb('lsp-add', 'web', 'late', '--', 'set', 'Port_Group', 'pg', 'external_ids:late=1');
  await nb('add', 'Port_Group', 'pg', 'ports', (await nb('get', 'Logical_Switch_Port', 'late', '_uuid')).trim());
  expect(await isIn()).toBe(true);
  expect(JSON.stringify(witnesses)).not.toContain('secret');
});
