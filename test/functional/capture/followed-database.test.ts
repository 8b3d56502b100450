/** A database that is held: captured fast or paced while others write, and kept up with by its monitor. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chooseMode } from '../../../src/engine/capture/capture-mode.js';
import { type CaptureOptions, FollowedDatabase } from '../../../src/engine/capture/followed-database.js';
import { systemClock } from '../../../src/lib/clock.js';
import { encodeRow, parseRow, type Row } from '../../../src/model/row/row.js';
import { wireRow } from '../../../src/model/row/wire-notation.js';
import { countRows, type Snapshot } from '../../../src/model/snapshot/snapshot.js';
import type { TableSchema } from '../../../src/ovsdb/database-schema.js';
import { stringifyJson } from '../../../src/ovsdb/json.js';
import { insertOperation, updateOperation } from '../../../src/ovsdb/operation.js';
import { transactResults } from '../../../src/ovsdb/reply.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import { EVERY_KIND, failureOf, SMALL, textsOf } from '../../support/databases/every-kind.js';
import { RandomWriter } from '../../support/databases/random-writer.js';
import { compareDatabases, dumpDatabase, rowCount, transact } from '../../support/judge/judge.js';
import { contentOf } from '../../support/judge/snapshot-content.js';
import { type DatabaseFileOptions, databaseFile } from '../../support/northbound/database-file.js';
import { capture } from '../../support/servers/capture.js';
import { Engine } from '../../support/servers/engine.js';
import { startOvsdbServer } from '../../support/servers/ovsdb-server.js';

const MODES = ['FAST', 'PACED'] as const;

/** Holds the database while `work` runs. */
function holding<T>(
  remote: string,
  options: Partial<CaptureOptions>,
  work: (held: FollowedDatabase) => Promise<T>,
): Promise<T> {
  return new Engine(remote).session(async (session) => {
    const held = await FollowedDatabase.capture(session, { clock: systemClock, ...options });
    try {
      return await work(held);
    } finally {
      await held.release();
    }
  });
}

function differences(snapshot: Snapshot, judged: Awaited<ReturnType<typeof dumpDatabase>>): readonly string[] {
  return [
    ...compareDatabases(contentOf(snapshot), judged),
    ...(countRows(snapshot) === rowCount(judged)
      ? []
      : [`${String(countRows(snapshot))} rows, not ${String(rowCount(judged))}`]),
  ];
}

const PROFILES: readonly DatabaseFileOptions[] = [
  { profile: 'small', edge: true },
  { profile: 'openstack', rows: 1_000 },
  { profile: 'k8s', rows: 1_000 },
];

describe('a paced capture', () => {
  it.each(PROFILES)('reads what the judge reads, and what a fast one does: $profile', async (options) => {
    await using server = await startOvsdbServer({ database: databaseFile(options) });
    const engine = new Engine(server.remote);
    const snapshot = await engine.session((session) => capture(session, { mode: 'PACED' }));
    expect(differences(snapshot, await dumpDatabase(server.remote))).toEqual([]);
    expect(textsOf(snapshot)).toEqual(textsOf(await engine.capture()));
  });

  it('reads every table of a schema that names no roots, every kind of column among them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ovncp-kinds-test-'));
    try {
      const schemaFile = join(folder, 'every.ovsschema');
      const tables = Object.fromEntries(
        Object.entries(EVERY_KIND.json['tables'] as Record<string, Row>).map(([name, { isRoot: _, ...table }]) => [
          name,
          table,
        ]),
      );
      await writeFile(schemaFile, stringifyJson({ ...EVERY_KIND.json, tables }));
      await using server = await startOvsdbServer({ database: schemaFile });
      const engine = new Engine(server.remote, EVERY_KIND.name);
      const written = textsOf(SMALL);
      await engine.session(async ({ connection }) => {
        const inserts = Object.entries(written).flatMap(([table, rows]) =>
          Object.entries(rows).map(([uuid, text]) =>
            insertOperation(table, uuid, wireRow(EVERY_KIND.tables.get(table) as TableSchema, parseRow(text))),
          ),
        );
        transactResults(
          await connection.call('transact', [`["${EVERY_KIND.name}",${inserts.join(',')}]`], { timeoutMs: 10_000 }),
        );
      });
      expect(textsOf(await engine.session((session) => capture(session, { mode: 'PACED' })))).toEqual(written);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('tells its progress and its longest silence, and ends with CANCELLED when it is aborted half-way', async () => {
    await using server = await startOvsdbServer({ database: databaseFile({ profile: 'k8s', rows: 2_000 }) });
    const told: [number, number | undefined][] = [];
    await holding(
      server.remote,
      { mode: 'PACED', onProgress: (rows, total) => told.push([rows, total]) },
      async (held) => {
        expect(countRows(await held.current())).toBe(2_000);
        expect(held.longestSilenceMs).toBeGreaterThan(0);
      },
    );
    expect(told.at(-1)).toEqual([2_000, 2_000]);
    expect(told.map(([rows]) => rows)).toEqual(told.map(([rows]) => rows).sort((a, b) => a - b));
    expect(told.every(([rows, total]) => total !== undefined && rows <= total)).toBe(true);
    const stop = new AbortController();
    expect(
      await failureOf(
        holding(
          server.remote,
          {
            mode: 'PACED',
            signal: stop.signal,
            onProgress: () => {
              stop.abort();
            },
          },
          () => Promise.resolve(),
        ),
      ),
    ).toMatchObject({ code: 'CANCELLED' });
    expect(
      (
        await failureOf(
          holding(
            server.remote,
            {
              mode: 'PACED',
              onProgress: () => {
                throw new Error('nobody listens');
              },
            },
            () => Promise.resolve(),
          ),
        )
      ).message,
    ).toBe('nobody listens');
  });

  it('ends with a ConnectionError when the server goes away half-way', async () => {
    await using server = await startOvsdbServer({ database: databaseFile({ profile: 'k8s', rows: 2_000 }) });
    let killed: Promise<void> | undefined;
    const failure = await failureOf(
      holding(
        server.remote,
        {
          mode: 'PACED',
          onProgress: () => {
            killed ??= server.kill();
          },
        },
        () => Promise.resolve(),
      ),
    );
    expect(failure.code).toMatch(/^ConnectionError/);
    await killed;
  });
});

describe('a held database', () => {
  it.each(MODES)('is the database at one instant, whenever it is asked for, while others write: %s', async (mode) => {
    await using server = await startOvsdbServer({ database: databaseFile({ profile: 'k8s', rows: 2_000 }) });
    const writers = [1, 2, 3].map((seed) => new RandomWriter(server.remote, seed));
    const writing = Promise.all(writers.map((writer) => writer.run()));
    await holding(server.remote, { mode }, async (held) => {
      const atCapture = await held.current();
      for (const writer of writers) expect(writer.broken(atCapture)).toEqual([]);
      for (let i = 0; i < 10; i++) {
        const [known] = await Promise.all([held.sync(), delay(30)]);
        for (const writer of writers) expect(writer.broken(known)).toEqual([]);
      }
      for (const writer of writers) writer.stop();
      await writing;
      for (const { committed } of writers) expect(committed).toBeGreaterThan(0);
      expect(differences(await held.sync(), await dumpDatabase(server.remote))).toEqual([]);
    });
  });

  it('holds what was committed before it was asked', async () => {
    await using server = await startOvsdbServer();
    await holding(server.remote, {}, async (held) => {
      for (let i = 0; i < 50; i++) {
        await transact(server.remote, [{ op: 'insert', table: 'Address_Set', row: { name: `set-${String(i)}` } }]);
        expect(countRows(await held.sync())).toBe(i + 1);
      }
    });
  });

  it('is the same snapshot when nothing has changed, and shares what has not', async () => {
    await using server = await startOvsdbServer({ database: databaseFile({ profile: 'k8s', rows: 2_000 }) });
    await holding(server.remote, {}, async (held) => {
      const before = await held.sync();
      expect(await held.sync()).toBe(before);
      await transact(server.remote, [{ op: 'insert', table: 'Address_Set', row: { name: 'one more' } }]);
      const after = await held.sync();
      expect(countRows(before)).toBe(2_000);
      expect(countRows(after)).toBe(2_001);
      for (const [name, rows] of after.tables) expect(rows === before.tables.get(name)).toBe(name !== 'Address_Set');
      const sets = after.tables.get('Address_Set');
      const uuid = before.tables.get('Address_Set')?.uuid(0) as string;
      expect(sets?.text(sets.find(uuid) as number).buffer).toBe(before.tables.get('Address_Set')?.text(0).buffer);
    });
  });

  it('keeps up with a transaction of 20,000 rows, and the event loop goes on', async () => {
    await using server = await startOvsdbServer();
    await holding(server.remote, {}, async (held) => {
      let ticks = 0;
      const timer = setInterval(() => ticks++, 5);
      const names = Array.from({ length: 20_000 }, (_, i) => `set-${String(i)}`);
      await transact(
        server.remote,
        names.map((name) => ({
          op: 'insert',
          table: 'Address_Set',
          row: { name, addresses: ['set', ['10.0.0.1', '10.0.0.2']] },
        })),
      );
      ticks = 0;
      expect(countRows(await held.sync())).toBe(20_000);
      expect(ticks).toBeGreaterThan(2);
      clearInterval(timer);
      await transact(server.remote, [
        { op: 'update', table: 'Address_Set', where: [], row: { external_ids: ['map', [['a', 'b']]] } },
      ]);
      await transact(server.remote, [{ op: 'delete', table: 'Address_Set', where: [['name', '==', 'set-7']] }]);
      const texts = Object.values(textsOf(await held.sync())['Address_Set'] ?? {});
      const expected = names
        .filter((name) => name !== 'set-7')
        .map((name) => `{"addresses":["10.0.0.1","10.0.0.2"],"external_ids":{"a":"b"},"name":"${name}"}`);
      expect(texts.sort()).toEqual(expected.sort());
    });
  });

  it('follows changes of every kind of column', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ovncp-kinds-test-'));
    try {
      const schemaFile = join(folder, 'every.ovsschema');
      await writeFile(schemaFile, stringifyJson(EVERY_KIND.json));
      await using server = await startOvsdbServer({ database: schemaFile });
      const kinds = EVERY_KIND.tables.get('Kinds') as TableSchema;
      const texts = Object.values(textsOf(SMALL)['Kinds'] ?? {});
      const uuid = 'c0000000-0000-4000-8000-000000000003';
      await new Engine(server.remote, EVERY_KIND.name).session(async (session) => {
        const write = async (operation: string): Promise<void> =>
          void transactResults(
            await session.connection.call('transact', [`["${EVERY_KIND.name}",${operation}]`], { timeoutMs: 10_000 }),
          );
        await write(insertOperation('Kinds', uuid, '{}'));
        const held = await FollowedDatabase.capture(session, { clock: systemClock });
        const empty = Object.fromEntries(
          [...kinds.columns.values()].filter(({ name }) => name !== 'volatile').map(({ name }) => [name, undefined]),
        );
        for (const text of [...texts, ...texts.reverse()]) {
          const row = { ...empty, ...parseRow(text) } as Row;
          await write(updateOperation('Kinds', uuid, wireRow(kinds, row)));
          expect(textsOf(await held.sync())['Kinds']).toEqual({ [uuid]: encodeRow(kinds, parseRow(text), uuid) });
        }
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('ends with a ConnectionError when the server goes away or no longer serves the database, and after its release', async () => {
    await using server = await startOvsdbServer({ database: databaseFile({ profile: 'small' }) });
    await new Engine(server.remote).session(async (session) => {
      const held = await FollowedDatabase.capture(session, { clock: systemClock });
      expect(countRows(await held.sync())).toBe(69);
      await held.release();
      expect((await failureOf(held.sync())).message).toMatch('the monitor was released');
      await transact(server.remote, [{ op: 'insert', table: 'Address_Set', row: { name: 'after' } }]);
      const again = await FollowedDatabase.capture(session, { clock: systemClock, mode: 'PACED' });
      expect(countRows(await again.sync())).toBe(70);
      await using control = await PlainClient.open(`unix:${join(server.folder, 'server.ctl')}`);
      await control.request('ovsdb-server/remove-db', ['OVN_Northbound']);
      expect((await failureOf(again.sync())).message).toMatch(
        /cancelled the monitor|does not serve|is not served any more/,
      );
      await control.request('ovsdb-server/add-db', [server.databaseFile]);
    });
    await new Engine(server.remote).session(async (session) => {
      const last = await FollowedDatabase.capture(session, { clock: systemClock });
      await server.kill();
      expect((await failureOf(last.sync())).code).toMatch(/^ConnectionError/);
    });
  });
});

describe('the way to capture', () => {
  it('is what was asked for, or else paced for clusters and for servers that were silent for long', () => {
    const question = { requested: 'AUTO', clustered: false, silenceMaxMs: 500 } as const;
    expect(chooseMode(question)).toBe('FAST');
    expect(chooseMode({ ...question, lastSilenceMs: 500 })).toBe('FAST');
    expect(chooseMode({ ...question, lastSilenceMs: 501 })).toBe('PACED');
    expect(chooseMode({ ...question, clustered: true })).toBe('PACED');
    expect(chooseMode({ ...question, requested: 'FAST', clustered: true })).toBe('FAST');
    expect(chooseMode({ ...question, requested: 'PACED' })).toBe('PACED');
  });
});
