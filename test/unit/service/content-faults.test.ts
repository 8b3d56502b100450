/** What no database holds, found in backups that somebody wrote. */
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { readDatabaseSchema } from '../../../src/ovsdb/database-schema.js';
import { type Json, stringifyJson } from '../../../src/ovsdb/json.js';
import { checkWhole, contentFaults } from '../../../src/service/backup/backup-content.js';
import { openScratch } from '../../../src/state/scratch-file.js';
import { failureOf, snapshotOf, type Tables, unpack } from '../../support/databases/every-kind.js';
import { lawRuns } from '../../support/law-runs.js';

const reference = (refType: string): Json => ({
  type: { key: { type: 'uuid', refTable: 'Port', refType }, min: 0, max: 'unlimited' },
});
const SCHEMA = readDatabaseSchema({
  name: 'Tiny',
  version: '1.0.0',
  tables: {
    Global: { isRoot: true, columns: { name: { type: 'string' } }, maxRows: 1 },
    Group: { isRoot: true, columns: { ports: reference('weak') } },
    Port: { isRoot: true, columns: { name: { type: 'string' }, tag: { type: 'integer' } }, indexes: [['name', 'tag']] },
    Switch: {
      isRoot: true,
      columns: { name: { type: 'string' }, id: { type: 'integer' }, ports: reference('strong') },
      indexes: [['name'], ['id']],
    },
  },
});
const u = (n: number): string => `${n.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
const groups = (count: number): Tables[string] =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [u(100 + i), { ports: [u(900 + i)] }]));
const faultsOf = (tables: Tables): ReturnType<typeof contentFaults> => contentFaults(snapshotOf(SCHEMA, tables));

describe('references to nothing', () => {
  it.each([0, 19, 20, 25, 1_000])('are an error where they are strong, beside %d weak ones', async (weak) => {
    const tables = { Group: groups(weak), Switch: { [u(1)]: { name: 'web', ports: [u(555)] } } };
    const { errors, warnings } = await faultsOf(tables);
    expect(errors).toEqual([`Switch ${u(1)}: ports refers to Port ${u(555)}, which is not in the backup`]);
    expect(warnings).toHaveLength(Math.min(weak, 21));
    if (weak > 20) expect(warnings[20]).toBe(`and ${weak - 20} more like these`);
    expect(await failureOf(checkWhole(snapshotOf(SCHEMA, tables)))).toMatchObject({ code: 'INTEGRITY_FAILED' });
  });

  it('are only a warning where all are weak', async () => {
    const { errors, warnings } = await faultsOf({ Group: groups(3) });
    expect([errors, warnings.length]).toEqual([[], 3]);
  });
});

describe('rows that cannot be there side by side', () => {
  it.each<[string, Tables, string]>([
    [
      'with one key',
      { Switch: { [u(1)]: { name: 'web', id: 1 }, [u(2)]: { name: 'db', id: 2 }, [u(3)]: { name: 'web', id: 3 } } },
      `Switch ${u(1)} and ${u(3)} have the same name ["web"], which only one row can have. Change or remove one`,
    ],
    [
      'with one key of the second index, the default',
      { Switch: { [u(1)]: { name: 'web' }, [u(2)]: { name: 'db' } } },
      `Switch ${u(1)} and ${u(2)} have the same id [null], which only one row can have. Change or remove one`,
    ],
    [
      'with one key of two columns',
      { Port: { [u(1)]: { name: 'p', tag: 1 }, [u(2)]: { name: 'p' }, [u(3)]: { name: 'p', tag: 1 } } },
      `Port ${u(1)} and ${u(3)} have the same name and tag ["p",1], which only one row can have. Change or remove one`,
    ],
    [
      'in a table of one',
      { Global: { [u(1)]: {}, [u(2)]: { name: 'x' } } },
      `Global has room for 1 row, and 2 are here, such as ${u(1)} and ${u(2)}. Remove what is too many`,
    ],
    [
      'with one UUID in two tables',
      { Group: { [u(1)]: {} }, Port: { [u(2)]: { name: 'p' } }, Switch: { [u(2)]: { name: 'web' } } },
      `Port and Switch both have a row ${u(2)}. Change or remove one`,
    ],
  ])('are named, %s', async (_what, tables, message) => {
    expect(await faultsOf(tables)).toEqual({ errors: [message], warnings: [] });
    expect(await failureOf(checkWhole(snapshotOf(SCHEMA, tables)))).toEqual({
      code: 'INTEGRITY_FAILED',
      message: `The backup is not a whole database: ${message}`,
    });
  });

  it('are counted past the twentieth', async () => {
    const ports = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [u(i), { name: 'same' }]));
    const { errors } = await faultsOf({ Port: ports });
    expect([errors.length, errors[20]]).toEqual([21, 'and 479 more like these']);
  });

  it('are found as by comparing all with all, in memory and on scratch space', async () => {
    const row = fc.record({
      at: fc.integer({ min: 1, max: 40 }),
      name: fc.integer({ min: 0, max: 30 }),
      id: fc.nat(60),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 25 }), fc.array(row, { maxLength: 25 }), async (switches, ports) => {
        const tables: Tables = {
          Switch: Object.fromEntries(switches.map(({ at, name, id }) => [u(at), { name: `n${name}`, id }])),
          Port: Object.fromEntries(ports.map(({ at, name, id }) => [u(at), { name: `n${name}`, tag: id % 2 }])),
        };
        const [inSwitch, inPort] = [Object.entries(tables['Switch'] ?? {}), Object.entries(tables['Port'] ?? {})];
        const again = (keys: readonly string[]): number => keys.length - new Set(keys).size;
        const expected =
          again(inSwitch.map(([, { name }]) => String(name))) +
          again(inSwitch.map(([, { id }]) => String(id))) +
          again(inPort.map(([, { name, tag }]) => `${String(name)} ${String(tag)}`)) +
          again([...inSwitch, ...inPort].map(([uuid]) => uuid));
        const scratch = await openScratch(tmpdir());
        try {
          for (const snapshot of [snapshotOf(SCHEMA, tables), await onScratch(tables, scratch)]) {
            const { errors } = await contentFaults(snapshot);
            const last = /^and (\d+) more/.exec(errors[20] ?? '');
            expect(last === null ? errors.length : 20 + Number(last[1])).toBe(expected);
          }
        } finally {
          await scratch.close();
        }
      }),
      { numRuns: lawRuns(20), seed: 11 },
    );
  });
});

async function onScratch(tables: Tables, scratch: Awaited<ReturnType<typeof openScratch>>): Promise<Snapshot> {
  const document: Json = { format: 'ovncp-backup/1', schema: SCHEMA.json, tables, contentDigest: 'none' };
  return (await unpack(stringifyJson(document), { scratch })).snapshot;
}
