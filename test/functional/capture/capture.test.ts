/** Capture against a real server: every table, row and value, compared with what the judge reads. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { encodeRow, parseRow, type Row } from '../../../src/model/row/row.js';
import { wireRow } from '../../../src/model/row/wire-notation.js';
import { countRows } from '../../../src/model/snapshot/snapshot.js';
import type { TableSchema } from '../../../src/ovsdb/database-schema.js';
import { stringifyJson } from '../../../src/ovsdb/json.js';
import { insertOperation } from '../../../src/ovsdb/operation.js';
import { transactResults } from '../../../src/ovsdb/reply.js';
import { anyTables, EVERY_KIND, failureOf, textsOf } from '../../support/databases/every-kind.js';
import { compareDatabases, dumpDatabase, rowCount, transact } from '../../support/judge/judge.js';
import { contentOf } from '../../support/judge/snapshot-content.js';
import { type DatabaseFileOptions, databaseFile } from '../../support/northbound/database-file.js';
import { capture } from '../../support/servers/capture.js';
import { Engine } from '../../support/servers/engine.js';
import { startOvsdbServer } from '../../support/servers/ovsdb-server.js';

/**
 * `small` fills every column that the others fill, with rare values, too. The others are networks as they are built:
 * more rows of them would have no other kinds of rows or references.
 */
const PROFILES: readonly DatabaseFileOptions[] = [
  { profile: 'small', edge: true },
  { profile: 'openstack', rows: 1_000 },
  { profile: 'k8s', rows: 2_000 },
];

describe('capture', () => {
  it.each(PROFILES)('reads what the judge reads: $profile', async (options) => {
    await using server = await startOvsdbServer({ database: databaseFile(options) });
    const snapshot = await new Engine(server.remote).capture();
    const judge = await dumpDatabase(server.remote);
    expect(countRows(snapshot)).toBe(rowCount(judge));
    expect(compareDatabases(contentOf(snapshot), judge)).toEqual([]);
    // its texts are canonical, and its rows in the order of their UUIDs
    for (const rows of snapshot.tables.values()) {
      const table = snapshot.schema.tables.get(rows.table) as TableSchema;
      for (let i = 0; i < rows.count; i++) {
        const text = rows.text(i).toString();
        expect(encodeRow(table, parseRow(text), rows.uuid(i))).toBe(text);
        if (i > 0) expect(rows.uuid(i - 1) < rows.uuid(i)).toBe(true);
      }
    }
  });

  it('reads an empty database', async () => {
    await using server = await startOvsdbServer();
    const snapshot = await new Engine(server.remote).capture();
    expect(countRows(snapshot)).toBe(0);
    expect([...snapshot.tables.keys()]).toEqual([...snapshot.schema.tables.keys()]);
  });

  it('gives the canonical text of what was written, for every kind of column and every character', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ovncp-kinds-test-'));
    try {
      const schemaFile = join(folder, 'every.ovsschema');
      await writeFile(schemaFile, stringifyJson(EVERY_KIND.json));
      await using server = await startOvsdbServer({ database: schemaFile });
      const engine = new Engine(server.remote, EVERY_KIND.name);
      const table = EVERY_KIND.tables.get('Kinds') as TableSchema;
      // ovsdb-server keeps 15 digits of a real, so the random ones are left out
      const randomReal = /real/;
      const every = Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code + 1)).join('');
      const fixed: Row = {
        scalar_string: every,
        set_string: [...every],
        map_string: Object.fromEntries([...every].map((c) => [c, c])),
        set_real: [0.1, -2.5, 1e20, 1e-7, 5e300, 3],
        scalar_real: 1e15,
        map_real: [[0.5, 1]],
      };
      await engine.session(async ({ connection }) => {
        await fc.assert(
          fc.asyncProperty(anyTables, fc.boolean(), async (tables, withFixed) => {
            const rows = Object.entries(tables['Kinds'] ?? {}).map(([uuid, row]): [string, Row] => [
              uuid,
              Object.fromEntries(
                Object.entries(withFixed ? { ...row, ...fixed } : row).filter(
                  ([name]) =>
                    name !== 'volatile' &&
                    (withFixed || !randomReal.test(name)) &&
                    !(withFixed && randomReal.test(name) && fixed[name] === undefined),
                ),
              ),
            ]);
            const expected = Object.fromEntries(rows.map(([uuid, row]) => [uuid, encodeRow(table, row, uuid)]));
            const inserts = rows.map(([uuid]) =>
              insertOperation('Kinds', uuid, wireRow(table, parseRow(expected[uuid] ?? ''))),
            );
            const reply = await connection.call(
              'transact',
              [
                `["${EVERY_KIND.name}",{"op":"comment","comment":"x"}${inserts.map((insert) => `,${insert}`).join('')}]`,
              ],
              { timeoutMs: 10_000 },
            );
            transactResults(reply);
            expect(textsOf(await engine.capture())['Kinds']).toEqual(expected);
            await transact(server.remote, [{ op: 'delete', table: 'Kinds', where: [] }], EVERY_KIND.name);
          }),
          { seed: 1, numRuns: 60 },
        );
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('is one instant: rows that are written together are both in it or neither', async () => {
    await using server = await startOvsdbServer({ database: databaseFile({ profile: 'k8s', rows: 2_000 }) });
    const engine = new Engine(server.remote);
    let writing = true;
    const writer = (async () => {
      for (let i = 0; writing; i++)
        await transact(
          server.remote,
          ['a', 'b'].map((name) => ({
            op: 'insert',
            table: name === 'a' ? 'Address_Set' : 'Logical_Switch',
            row: { name: `pair-${String(i)}` },
          })),
        );
    })();
    try {
      for (let i = 0; i < 10; i++) {
        const snapshot = await engine.capture();
        const pairs = ['Address_Set', 'Logical_Switch'].map(
          (table) => Object.values(textsOf(snapshot)[table] ?? {}).filter((text) => text.includes('pair-')).length,
        );
        expect(pairs[0]).toBe(pairs[1]);
      }
    } finally {
      writing = false;
      await writer;
    }
  });

  it('tells its progress, and ends with CANCELLED when it is aborted half-way', async () => {
    await using server = await startOvsdbServer({ database: databaseFile({ profile: 'k8s', rows: 4_000 }) });
    const engine = new Engine(server.remote);
    const told: number[] = [];
    await engine.session((session) => capture(session, { onProgress: (rows) => told.push(rows) }));
    expect(told.at(-1)).toBe(4_000);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    const stop = new AbortController();
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => {
      unhandled.push(reason);
    };
    process.on('unhandledRejection', note);
    try {
      const failure = await failureOf(
        engine.session((session) =>
          capture(session, {
            signal: stop.signal,
            onProgress: () => {
              stop.abort();
            },
          }),
        ),
      );
      expect(failure).toMatchObject({ code: 'CANCELLED' });
      const broken = await failureOf(
        engine.session((session) =>
          capture(session, {
            onProgress: () => {
              throw new Error('nobody listens');
            },
          }),
        ),
      );
      expect(broken.message).toBe('nobody listens');
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
    expect(countRows(await engine.capture())).toBe(4_000);
  });
});
