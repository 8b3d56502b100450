/**
 * Files of cluster members, made by hand: which entries count, and what is said of files that are not whole. Real ones:
 * test/functional/archive/cluster-file.test.ts.
 */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { unpackArchive } from '../../../src/archive/unpack.js';
import { systemClock } from '../../../src/lib/clock.js';
import { countRows, type Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { type Json, stringifyJson } from '../../../src/ovsdb/json.js';
import { openScratch } from '../../../src/state/scratch-file.js';
import { EVERY_KIND, failureOf, pack, SMALL, textsOf, unpack } from '../../support/databases/every-kind.js';
import { record } from '../../support/databases/member-file.js';
import { lawRuns } from '../../support/law-runs.js';

const SERVERS = {
  [randomUUID()]: 'tcp:10.0.0.1:6643',
  [randomUUID()]: 'tcp:10.0.0.2:6643',
  [randomUUID()]: 'tcp:10.0.0.3:6643',
};
const ALONE = { [randomUUID()]: 'tcp:10.0.0.1:6643' };
const SCHEMA = {
  name: 'Tiny',
  version: '1.0.0',
  tables: {
    T: {
      columns: { name: { type: 'string' }, tags: { type: { key: 'string', min: 0, max: 'unlimited' } } },
      isRoot: true,
    },
  },
};
const NEXT_SCHEMA = {
  ...SCHEMA,
  version: '2.0.0',
  tables: { U: { columns: { title: { type: 'string' } }, isRoot: true } },
};
const UUIDS = Array.from({ length: 6 }, (_, i) => `${String(i).repeat(8)}-0000-4000-8000-000000000000`);
const [A = '', B = '', C = ''] = UUIDS;

interface HeaderParts {
  readonly data?: Json;
  readonly servers?: Json;
  readonly index?: Json;
  readonly others?: Readonly<Record<string, Json>>;
}

const header = ({
  data = [SCHEMA, { T: { [A]: { name: 'a' } }, _is_diff: true }],
  servers = SERVERS,
  index = 10,
  others = {},
}: HeaderParts = {}): Buffer =>
  // ovsdb-server's own order, in which the data comes first and the numbers last
  record({
    prev_eid: randomUUID(),
    cluster_id: randomUUID(),
    name: 'Tiny',
    prev_term: 3,
    prev_data: data,
    prev_servers: servers,
    server_id: randomUUID(),
    prev_index: index,
    local_address: 'tcp:10.0.0.1:6643',
    ...others,
  });
const entry = (index: Json, transaction: Json, term: Json = 3): Buffer =>
  record({ eid: randomUUID(), data: [null, transaction], term, index });
const put = (uuid: string, name: string): Json => ({ T: { [uuid]: { name } }, _date: 1, _is_diff: true });
const commit = (index: Json): Buffer => record({ commit_index: index });
const file = (...records: readonly Buffer[]): Buffer => Buffer.concat(records);

const rowsOf = (snapshot: Snapshot, table = 'T'): Record<string, string> => textsOf(snapshot)[table] ?? {};
const MAGIC_BYTES = Buffer.byteLength('OVSDB CLUSTER ');

describe('which entries count', () => {
  it('counts those up to the last commit index, and says what it leaves out', async () => {
    const {
      snapshot,
      warnings,
      format,
      header: manifest,
    } = await unpack(
      file(
        header(),
        record({ term: 3, vote: randomUUID() }),
        record({ term: 3, leader: randomUUID() }),
        record({ term: 3, index: 11 }),
        commit(11),
        entry(12, put(B, 'b')),
        entry(13, put(C, 'c')),
        commit(12),
        record({ note: 'transfer leadership', comment: 'because' }),
      ),
    );
    expect(rowsOf(snapshot)).toEqual({ [A]: '{"name":"a"}', [B]: '{"name":"b"}' });
    expect(warnings).toEqual([
      expect.stringMatching(/^1 of the log's entries \(from entry 13 at byte \d+\) were left out/),
    ]);
    expect(format).toBe('OVSDB');
    expect(manifest).toBeUndefined();
  });

  it('takes an entry of a later term in the place of those that were not committed', async () => {
    const { snapshot, warnings } = await unpack(
      file(
        header(),
        entry(11, put(B, 'lost')),
        entry(12, put(C, 'lost')),
        record({ term: 5 }),
        entry(11, put(B, 'kept'), 5),
        commit(11),
      ),
    );
    expect(rowsOf(snapshot)).toEqual({ [A]: '{"name":"a"}', [B]: '{"name":"kept"}' });
    expect(warnings).toEqual([]);
  });

  it('applies differences, deletions and rows that come back, in the order of the entries', async () => {
    const { snapshot } = await unpack(
      file(
        header({ data: [SCHEMA, { T: { [A]: { name: 'a', tags: ['set', ['x', 'y']] }, [B]: {} } }] }),
        entry(11, { T: { [A]: { tags: ['set', ['y', 'z']] }, [B]: null }, _is_diff: true }),
        entry(12, { T: { [A]: { tags: 'q' }, [B]: { name: 'again' } } }),
        commit(12),
      ),
    );
    expect(rowsOf(snapshot)).toEqual({ [A]: '{"name":"a","tags":["q"]}', [B]: '{"name":"again"}' });
    const first = await unpack(
      file(
        header({ data: [SCHEMA, { T: { [A]: { tags: ['set', ['x', 'y']] } } }] }),
        entry(11, { T: { [A]: { tags: ['set', ['y', 'z']] } }, _is_diff: true }),
        commit(11),
      ),
    );
    expect(rowsOf(first.snapshot)).toEqual({ [A]: '{"tags":["x","z"]}' });
  });

  it('begins anew where the schema changes, and takes the change back when it is not committed', async () => {
    const conversion = record({
      eid: randomUUID(),
      data: [NEXT_SCHEMA, { U: { [C]: { title: 'c' } } }],
      term: 3,
      index: 12,
    });
    const converted = await unpack(file(header(), entry(11, put(B, 'b')), commit(11), conversion, commit(12)));
    expect(converted.snapshot.schema.version).toBe('2.0.0');
    expect(textsOf(converted.snapshot)).toEqual({ U: { [C]: '{"title":"c"}' } });
    const before = await unpack(file(header(), entry(11, put(B, 'b')), commit(11), conversion));
    expect(before.snapshot.schema.version).toBe('1.0.0');
    expect(countRows(before.snapshot)).toBe(2);
    const emptied = await unpack(
      file(header(), record({ eid: randomUUID(), data: [NEXT_SCHEMA, null], term: 3, index: 11 }), commit(11)),
    );
    expect(textsOf(emptied.snapshot)).toEqual({ U: {} });
  });

  it('counts everything in a cluster of one, which is its own majority, until it lets another one in', async () => {
    const alone = await unpack(file(header({ servers: ALONE }), entry(11, put(B, 'b')), entry(12, put(C, 'c'))));
    expect(Object.keys(rowsOf(alone.snapshot))).toEqual([A, B, C]);
    expect(alone.warnings).toEqual([]);
    const joined = await unpack(
      file(header({ servers: ALONE }), record({ servers: SERVERS, term: 3, index: 11 }), entry(12, put(C, 'c'))),
    );
    expect(Object.keys(rowsOf(joined.snapshot))).toEqual([A]);
    const takenBack = await unpack(
      file(header({ servers: ALONE }), record({ servers: SERVERS, term: 3, index: 11 }), entry(11, put(C, 'c'))),
    );
    expect(Object.keys(rowsOf(takenBack.snapshot))).toEqual([A, C]);
    const onlyOneStays = await unpack(
      file(header(), record({ servers: ALONE, term: 3, index: 11 }), commit(11), entry(12, put(C, 'c'))),
    );
    expect(Object.keys(rowsOf(onlyOneStays.snapshot))).toEqual([A, C]);
  });

  it('reads a log from its very beginning, without a snapshot', async () => {
    const { snapshot } = await unpack(
      file(
        record({
          server_id: randomUUID(),
          cluster_id: randomUUID(),
          name: 'Tiny',
          local_address: 'tcp:10.0.0.1:6643',
          prev_servers: SERVERS,
        }),
        record({ eid: randomUUID(), data: [SCHEMA, put(A, 'a')], term: 1, index: 1 }),
        commit(1),
      ),
    );
    expect(rowsOf(snapshot)).toEqual({ [A]: '{"name":"a"}' });
  });

  it('reads integers of 64 bits, which OVSDB writes with a sign', async () => {
    // 2^63 - 1, and 2^63 as OVSDB writes it
    const { snapshot } = await unpack(
      file(
        header({ index: 9223372036854775806n }),
        entry(9223372036854775807n, put(B, 'b')),
        entry(-9223372036854775808n, put(C, 'c')),
        commit(-9223372036854775808n),
      ),
    );
    expect(Object.keys(rowsOf(snapshot))).toEqual([A, B, C]);
  });

  it('agrees with a log that is kept as a list, for any history', async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('append' as const),
          back: fc.integer({ min: 0, max: 3 }),
          uuid: fc.constantFrom(...UUIDS),
          name: fc.string({ unit: 'grapheme-ascii', maxLength: 3 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('commit' as const),
          share: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, withScratch) => {
        const records = [header()];
        let log: { uuid: string; name: string | null }[] = [];
        let committed = 0;
        let term = 3;
        for (const one of steps) {
          if (one.kind === 'commit') {
            committed += Math.floor((log.length - committed) * one.share);
            records.push(commit(10 + committed));
            continue;
          }
          const kept = Math.max(committed, log.length - one.back);
          if (kept < log.length) term++;
          log = log.slice(0, kept);
          const isHere = log.reduce(
            (here, { uuid, name }) => (uuid === one.uuid ? name !== null : here),
            one.uuid === A,
          );
          const name = isHere && one.name.length === 0 ? null : one.name;
          log.push({ uuid: one.uuid, name });
          records.push(
            record({
              eid: randomUUID(),
              data: [null, { T: { [one.uuid]: name === null ? null : { name } } }],
              term,
              index: 10 + log.length,
            }),
          );
        }
        const expected = new Map([[A, 'a']]);
        for (const { uuid, name } of log.slice(0, committed)) {
          if (name === null) expected.delete(uuid);
          else expected.set(uuid, name);
        }
        const scratch = withScratch ? await openScratch(tmpdir()) : undefined;
        try {
          const { snapshot, warnings } = await unpack(file(...records), { scratch });
          const rows = Object.entries(rowsOf(snapshot)).map(([uuid, text]) => [
            uuid,
            (JSON.parse(text) as { name?: string }).name ?? '',
          ]);
          expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(expected));
          expect(warnings).toHaveLength(log.length > committed ? 1 : 0);
        } finally {
          await scratch?.close();
        }
      }),
      { numRuns: lawRuns(75), seed: 4 },
    );
  });
});

describe('files that are not whole', () => {
  const whole = file(
    header(),
    record({ term: 3, index: 11 }),
    commit(11),
    entry(12, put(B, 'b')),
    commit(12),
    entry(13, put(C, 'c')),
    commit(13),
  );
  const starts = [...whole.toString('latin1').matchAll(/OVSDB CLUSTER/g)].map(({ index }) => index);

  it('reads what stands before a record that is cut, with a warning, but for the header', async () => {
    for (let length = 1; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      if (length < (starts[1] ?? 0)) {
        expect(await failureOf(unpack(cut))).toMatchObject({ code: 'INTEGRITY_FAILED' });
        continue;
      }
      const { snapshot, warnings } = await unpack(cut);
      const begun = starts.filter((start) => start <= length);
      const uncut = begun.filter((start, i) => length >= (starts[i + 1] ?? whole.length)).length;
      // records: header, entry, commit, entry, commit, entry, commit
      expect(Object.keys(rowsOf(snapshot))).toEqual([A, B, C].slice(0, uncut >= 7 ? 3 : uncut >= 5 ? 2 : 1));
      expect(warnings.filter((text) => text.startsWith('The file ends inside')).length).toBe(
        starts.includes(length) ? 0 : 1,
      );
    }
  });

  it('refuses every flipped bit', async () => {
    for (let bit = 0; bit < whole.length * 8; bit += 3) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const failure = await failureOf(unpack(flipped));
      expect([bit, failure.code]).toEqual([bit, 'INTEGRITY_FAILED']);
      if (bit >= MAGIC_BYTES * 8) expect(failure.message).toMatch(/at byte \d+/);
    }
  });

  it('refuses a record with another record in it, and anything between records', async () => {
    const [first, second] = [whole.subarray(0, starts[2]), whole.subarray(starts[2])];
    for (const between of [
      '\n',
      ' ',
      '\0',
      'OVSDB JSON 2 x\n',
      '{}\n',
      'OVSDB CLUSTER 9999999 0000000000000000000000000000000000000000\n',
      `OVSDB CLUSTER 999999999999999 ${'0'.repeat(40)}\n{`,
    ]) {
      expect(await failureOf(unpack(file(first, Buffer.from(between), second)))).toMatchObject({
        code: 'INTEGRITY_FAILED',
        message: expect.stringMatching(/at byte \d+/) as string,
      });
    }
  });

  it('reads what stands before zeros at its end, with a warning, wherever they begin', async () => {
    for (let length = starts[1] ?? 0; length <= whole.length; length += 7) {
      const before = await unpack(whole.subarray(0, length));
      for (const zeros of [1, 300]) {
        const bytes = file(whole.subarray(0, length), Buffer.alloc(zeros));
        const { snapshot, warnings } = await unpack(bytes, {}, 100);
        expect([length, textsOf(snapshot)]).toEqual([length, textsOf(before.snapshot)]);
        const at =
          starts.includes(length) || length === whole.length ? length : starts.findLast((start) => start < length);
        expect(warnings.filter((text) => text.startsWith(`From byte ${at} on`))).toHaveLength(1);
        expect(await failureOf(unpack(file(bytes, Buffer.from('\n'))))).toMatchObject({ code: 'INTEGRITY_FAILED' });
      }
    }
  });

  it('refuses zeros inside of a record that is the one that was written', async () => {
    const inside = record('{"term":3,"index":11}\0');
    expect(await failureOf(unpack(file(header(), inside)))).toEqual({
      code: 'INTEGRITY_FAILED',
      message: expect.stringContaining('holds a zero byte') as string,
    });
  });

  it('does the same for standalone files, but never takes one without its first transaction for an empty database', async () => {
    const text = (json: Json): Buffer => record(json, 'JSON');
    const records = [
      text(SCHEMA),
      text(put(A, 'a')),
      text({ T: { [B]: { name: 'b' }, [A]: { name: 'changed' } }, _is_diff: true }),
    ];
    const bytes = file(...records);
    const sizes = records.map(({ length }) => length) as [number, number, number];
    for (let length = 1; length < bytes.length; length++) {
      const cut = unpack(bytes.subarray(0, length));
      if (length < sizes[0] + sizes[1] && length !== sizes[0]) {
        expect(await failureOf(cut)).toMatchObject({ code: 'INTEGRITY_FAILED' });
        continue;
      }
      const { snapshot, warnings } = await cut;
      expect(rowsOf(snapshot)).toEqual(length === sizes[0] ? {} : { [A]: '{"name":"a"}' });
      expect(warnings).toHaveLength(length === sizes[0] || length === sizes[0] + sizes[1] ? 0 : 1);
    }
    expect(rowsOf((await unpack(bytes)).snapshot)).toEqual({ [A]: '{"name":"changed"}', [B]: '{"name":"b"}' });
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect([bit, (await failureOf(unpack(flipped))).code]).toEqual([bit, 'INTEGRITY_FAILED']);
    }
  });
});

describe('a record that cannot follow those before it', () => {
  const B_THERE = [entry(11, put(B, 'b')), commit(11)];

  it.each<[string, readonly Buffer[], Buffer, RegExp]>([
    [
      'an entry before one that was committed',
      B_THERE,
      entry(11, put(B, 'other'), 4),
      /entry 11 comes after 11 was committed/,
    ],
    ['a gap', B_THERE, entry(13, put(C, 'c')), /those between are missing/],
    ['a gap of 2^63', B_THERE, entry(-1, put(C, 'c')), /entry 18446744073709551615 follows entry 11/],
    ['an earlier term', B_THERE, entry(12, put(C, 'c'), 2), /entry 12 is of term 2/],
    ['a commit index that goes back', B_THERE, commit(10), /after 11 was/],
    ['a commit of what is not there', B_THERE, commit(12), /11 is the last one/],
  ])('is left out where it is the last, and refused where others follow: %s', async (_, before, last, message) => {
    const bytes = file(header(), ...before, last);
    const at = file(header(), ...before).length;
    for (const after of [
      [],
      [record({ term: 9, leader: randomUUID() })],
      [Buffer.from('OVSDB CLU')],
      [Buffer.alloc(99)],
    ]) {
      const { snapshot, warnings } = await unpack(file(bytes, ...after));
      expect(rowsOf(snapshot)).toEqual({ [A]: '{"name":"a"}', [B]: '{"name":"b"}' });
      const [said = ''] = warnings.filter((text) =>
        text.startsWith(`The file's last record, at byte ${at}, cannot follow`),
      );
      expect(said).toMatch(message);
    }
    for (const after of [commit(11), entry(12, put(C, 'c'), 9)])
      expect(await failureOf(unpack(file(bytes, after)))).toEqual({
        code: 'INTEGRITY_FAILED',
        message: expect.stringMatching(
          new RegExp(`at byte ${at}: .*${message.source}.*"ovsdb-tool cluster-to-standalone NEW-FILE FILE"`),
        ) as string,
      });
  });
});

describe('what no member writes', () => {
  it.each<[string, readonly Buffer[], RegExp]>([
    ['an index of no integer', [entry(11.5, put(B, 'b'))], /no integer "index"/],
    ['an index as text', [entry('11', put(B, 'b'))], /no integer "index"/],
    ['no term', [record({ index: 11 })], /no integer "term"/],
    ['nothing', [record({})], /no integer "term"/],
    ['an array', [record('[]')], /no valid JSON at byte 0/],
    ['a member of another version', [record({ term: 3, index: 11, prereq: 'x' })], /"prereq" is no member of an entry/],
    ['a vote with an index', [record({ term: 3, commit_index: 10 })], /"term" is no member of a commit index/],
    ['a member twice', [record('{"term":3,"index":11,"index":12}')], /"index" twice/],
    ['data twice', [record('{"term":3,"index":11,"data":[null,{}],"data":[null,{}]}')], /"data" twice/],
    ['no servers', [record({ term: 3, index: 11, servers: {} })], /lists no members/],
    [
      'data of three',
      [record({ term: 3, index: 11, data: [null, {}, null] }), commit(11)],
      /not a schema and a transaction/,
    ],
    ['data of one', [record({ term: 3, index: 11, data: [null] }), commit(11)], /not a schema and a transaction/],
    ['data of none', [record({ term: 3, index: 11, data: [] }), commit(11)], /not a schema and a transaction/],
    [
      'data that is no array',
      [record({ term: 3, index: 11, data: { '0': null, '1': {} } }), commit(11)],
      /not a schema and a transaction/,
    ],
    ['data of text', [record({ term: 3, index: 11, data: [null, 'x'] }), commit(11)], /not a schema and a transaction/],
    ['a table that the schema lacks', [entry(11, { U: { [A]: {} } }), commit(11)], /table "U"/],
    ['a row that no insertion made', [entry(11, { T: { [B]: null } }), commit(11)], /never inserted/],
    ['a row without a UUID', [entry(11, { T: { x: {} } }), commit(11)], /not a UUID/],
    ['a row that is no object', [entry(11, { T: { [A]: 1 } }), commit(11)], /object/],
    [
      'a broken transaction',
      [record(`{"term":3,"index":11,"data":[null,{"T":{"${A}":{"name":}}}]}`), commit(11)],
      /no valid JSON/,
    ],
    [
      'a schema of another name',
      [record({ term: 3, index: 11, data: [{ ...SCHEMA, name: 'Other' }, {}] }), commit(11)],
      /that of Other/,
    ],
    [
      'a schema that is none',
      [record({ term: 3, index: 11, data: [{ name: 'Tiny' }, {}] }), commit(11)],
      /schema is malformed/,
    ],
    ['a record of a standalone file', [record(put(B, 'b'), 'JSON')], /at byte \d+/],
  ])('is refused: %s', async (_, records, message) => {
    expect(await failureOf(unpack(file(header(), ...records)))).toEqual({
      code: 'INTEGRITY_FAILED',
      message: expect.stringMatching(message) as string,
    });
  });

  it.each<[string, Buffer, RegExp]>([
    ['no name', header({ others: { name: null } }), /does not name the database/],
    ['another name than its schema', header({ others: { name: 'Other' } }), /schema there is that of Tiny/],
    ['no schema', header({ data: [null, put(A, 'a')] }), /before any schema/],
    ['no data', header({ data: null }), /not a schema and a transaction/],
    ['an index of 0 with data', header({ index: 0 }), /only one of/],
    ['no members', header({ servers: {} }), /lists no members/],
    ['what is not known', header({ others: { prev_more: 1 } }), /"prev_more" is no member of the header/],
    ['rows before the schema', record(`{"prev_data":[{"T":{}},${stringifyJson(SCHEMA)}]}`), /schema is malformed/],
  ])('is refused in a header: %s', async (_, bytes, message) => {
    expect(await failureOf(unpack(bytes))).toEqual({
      code: 'INTEGRITY_FAILED',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('files that cannot be backups', () => {
  it('says that a member that has not joined yet has no data', async () => {
    const joining = record({
      server_id: randomUUID(),
      name: 'Tiny',
      local_address: 'tcp:10.0.0.1:6643',
      remote_addresses: ['tcp:10.0.0.2:6643'],
    });
    expect(await failureOf(unpack(joining))).toEqual({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(
        'has not joined its cluster yet: it holds nothing of the database Tiny',
      ) as string,
    });
    expect(await failureOf(unpack(joining, { schemaNames: ['Other'] }))).toEqual({
      code: 'BAD_USER_INPUT',
      message:
        'The file is a backup of the database Tiny; only Other is backed up and restored here. Send a file of Other',
    });
    const empty = record({
      server_id: randomUUID(),
      cluster_id: randomUUID(),
      name: 'Tiny',
      local_address: 'tcp:10.0.0.1:6643',
      prev_servers: SERVERS,
    });
    expect(await failureOf(unpack(empty))).toEqual({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('holds no data yet') as string,
    });
  });

  it('says that a member has left', async () => {
    expect((await unpack(file(header(), record({ note: 'left' })))).warnings).toEqual([
      expect.stringContaining('has left its cluster'),
    ]);
  });

  it.each(['JSON', 'YAML', 'OVSDB', 'CLUSTER'] as const)(
    'tells a file of another database as soon as its schema was read: %s',
    async (format) => {
      const bytes =
        format === 'CLUSTER'
          ? header({ others: { name: 'Every_Kind' }, data: [EVERY_KIND.json, {}] })
          : (await pack(SMALL, { format, compress: false })).bytes;
      let given = 0;
      let hasMore = true;
      async function* endless(): AsyncGenerator<Buffer> {
        for (let at = 0; at < bytes.length; at += 4_096) yield bytes.subarray(at, at + 4_096);
        while (hasMore) {
          given++;
          // reading on would go on for ever, or fail otherwise
          if (given > 50) hasMore = false;
          yield Buffer.alloc(1_024, ' ');
        }
      }
      const failure = await failureOf(
        unpackArchive(endless(), { contentBytesMax: 1 << 28, clock: systemClock, schemaNames: ['OVN_Northbound'] }),
      );
      expect(failure).toEqual({
        code: 'BAD_USER_INPUT',
        message:
          'The file is a backup of the database Every_Kind (version 1.2.3); only OVN_Northbound is backed up and ' +
          'restored here. Send a file of OVN_Northbound (ovsdb-server keeps it as ovnnb_db.db)',
      });
      expect(given).toBeLessThan(20);
      await expect(unpack(bytes, { schemaNames: ['Every_Kind'] })).resolves.toMatchObject({
        snapshot: { schema: { name: 'Every_Kind' } },
      });
    },
  );
});

it('holds as much as the database has, not as much as its history', async () => {
  const ENTRIES = 80;
  const uuid = (number: number): string => `${String(number).padStart(8, '0')}-0000-4000-8000-000000000000`;
  async function* history(): AsyncGenerator<Buffer> {
    yield header();
    for (let i = 1; i <= ENTRIES; i++)
      yield file(
        entry(10 + i, {
          T: { [uuid(i)]: { name: String(i).repeat(500_000) }, ...(i > 4 ? { [uuid(i - 4)]: null } : {}) },
        }),
        commit(10 + i),
      );
  }
  const { snapshot, contentSize } = await unpackArchive(history(), { contentBytesMax: 1 << 28, clock: systemClock });
  expect(countRows(snapshot)).toBe(5);
  expect(contentSize).toBeGreaterThan(75_000_000);
});
