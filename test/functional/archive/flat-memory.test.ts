/**
 * Archives of any size in little memory. Growing ones are read in processes of their own; files that are made to
 * exhaust memory or time are refused before they do.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import { type UnpackOptions, unpackArchive } from '../../../src/archive/unpack.js';
import { systemClock } from '../../../src/lib/clock.js';
import type { Scratch } from '../../../src/lib/scratch.js';
import { openScratch } from '../../../src/state/scratch-file.js';
import { failureOf, pack, SMALL, textsOf, unpack } from '../../support/databases/every-kind.js';
import { environment } from '../../support/servers/ovsdb-server.js';
import { ensureBuilt } from '../../support/servers/server-process.js';

const BENCH = fileURLToPath(new URL('../../bench/memory.mjs', import.meta.url));
const MIB = 1 << 20;

interface Measured {
  readonly kind: string;
  readonly outcome: string;
  readonly rows: number;
}

let folder: string;
let scratch: Scratch;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-flat-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  scratch = await openScratch(folder);
});
afterEach(() => scratch.close());

describe('a process that reads an archive and writes it again', () => {
  beforeAll(ensureBuilt);

  // how much memory it takes is a figure of test/bench/limits.mjs
  it.each(['json', 'yaml', 'yaml-early', 'ovsdb'])(
    'reads and writes any size of %s, and leaves nothing behind',
    async (kind) => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [BENCH, '--json', '--kinds', kind, '--mb', '1,10', '--to', 'JSON', '--folder', folder],
        { env: environment() },
      );
      const [small, large] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Measured) as [Measured, Measured];
      expect([small.outcome, large.outcome]).toEqual(['read and written', 'read and written']);
      expect(large.rows).toBeGreaterThan(9 * small.rows);
      expect(await readdir(folder)).toEqual([]);
    },
  );
});

const SCHEMA = JSON.stringify({
  name: 'Bomb',
  version: '1.0.0',
  tables: {
    T: {
      isRoot: true,
      columns: {
        name: { type: 'string' },
        set: { type: { key: 'string', min: 0, max: 'unlimited' } },
        number: { type: 'integer' },
        map: { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } },
      },
    },
  },
});
const uuidOf = (i: number): string => `${i.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
const FIRST = uuidOf(1);

type Pieces = Iterable<string>;

/** `make(0)`, `make(1)` ... in pieces of some size, up to `count`. */
function* many(count: number, make: (i: number) => string): Generator<string> {
  let piece = '';
  for (let i = 0; i < count; i++) {
    piece += make(i);
    if (piece.length < 65_536) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function* joined(...parts: readonly (string | Pieces)[]): Generator<string> {
  for (const part of parts) {
    if (typeof part === 'string') yield part;
    else yield* part;
  }
}

const long = (bytes: number, text = 'x'): Pieces => many(bytes / 65_536, () => text.repeat(65_536 / text.length));
const document = (...tables: readonly (string | Pieces)[]): Pieces =>
  joined(`{"format":"ovncp-backup/1","schema":${SCHEMA},"tables":{`, ...tables, '},"contentDigest":"none"}');
const rowOf = (...row: readonly (string | Pieces)[]): Pieces => document(`"T":{"${FIRST}":{`, ...row, '}}');
const yaml = (...rows: readonly (string | Pieces)[]): Pieces =>
  joined(
    `format: "ovncp-backup/1"\nschema: ${SCHEMA}\ntables:\n  T:\n    ${FIRST}:\n`,
    ...rows,
    'contentDigest: none\n',
  );
const record = (text: string): string =>
  `OVSDB JSON ${String(Buffer.byteLength(text))} ${createHash('sha1').update(text).digest('hex')}\n${text}`;

/** Reads an archive that is compressed, so that nothing here has to hold it. */
function unpackGzip(pieces: Pieces, options: Partial<UnpackOptions> = {}): ReturnType<typeof unpackArchive> {
  const gzip = createGzip({ level: 1 });
  // ends early where the archive is refused early
  pipeline(Readable.from(pieces), gzip, () => undefined);
  return unpackArchive(gzip as AsyncIterable<Buffer>, {
    contentBytesMax: 100 * MIB,
    clock: systemClock,
    scratch,
    ...options,
  });
}

describe('a file made to exhaust the reader', () => {
  const bombs: readonly (readonly [what: string, pieces: () => Pieces, code: string, message: RegExp])[] = [
    [
      'of nothing but spaces',
      () => joined('{', long(105 * MIB, ' ')),
      'TOO_LARGE',
      /content is larger than the limit of 104857600 bytes/,
    ],
    [
      'with a value without end',
      () => rowOf('"name":"', long(80 * MIB), '"'),
      'INTEGRITY_FAILED',
      /value of more than 67108864 bytes, in tables \/ T \/ 00000001-/,
    ],
    [
      'with a note without end',
      () => joined('{"note":"', long(8 * MIB), '"}'),
      'INTEGRITY_FAILED',
      /value of more than 4194304 bytes, in note/,
    ],
    [
      'with a schema without end',
      () => joined('{"format":"ovncp-backup/1","schema":{"name":"', long(8 * MIB), '"}}'),
      'INTEGRITY_FAILED',
      /value of more than 4194304 bytes, in schema/,
    ],
    [
      'with a name without end',
      () => joined('{"', long(MIB), '":1}'),
      'INTEGRITY_FAILED',
      /name of more than 16384 bytes/,
    ],
    [
      'with a number without end',
      () => joined('{"note":', long(MIB, '1'), '}'),
      'INTEGRITY_FAILED',
      /value of more than 4096 bytes, in note/,
    ],
    [
      'with a number of a million digits in a row',
      () => rowOf('"number":', long(MIB, '1')),
      'INTEGRITY_FAILED',
      /is not a 64-bit integer|malformed/,
    ],
    [
      'nested without end',
      () => joined('{"note":', long(MIB, '[')),
      'INTEGRITY_FAILED',
      /nested more than 100 deep, in note/,
    ],
    [
      'with a row nested without end',
      () => rowOf('"set":', long(MIB, '['), long(MIB, ']')),
      'INTEGRITY_FAILED',
      /nested more than 100 deep/,
    ],
    [
      'with a set of too many values',
      () =>
        rowOf(
          '"set":[',
          many(1_100_000, (i) => `"${String(i)}",`),
          '""]',
        ),
      'INTEGRITY_FAILED',
      /more than 1000000 values in one/,
    ],
    [
      'with a map of too many keys',
      () =>
        rowOf(
          '"map":{',
          many(110_000, (i) => `"${String(i)}":"",`),
          '"":""}',
        ),
      'INTEGRITY_FAILED',
      /more than 100000 names in one/,
    ],
    [
      'with a row of too many columns',
      () =>
        rowOf(
          many(110_000, (i) => `"c${String(i)}":0,`),
          '"name":""',
        ),
      'INTEGRITY_FAILED',
      /more than 100000 names in one/,
    ],
    [
      'with too many members',
      () =>
        joined(
          '{',
          many(5_000, (i) => `"m${String(i)}":0,`),
          '"m":0}',
        ),
      'INTEGRITY_FAILED',
      /more than 1000 members/,
    ],
    [
      'with too many tables',
      () =>
        joined(
          '{"tables":{',
          many(20_000, (i) => `"t${String(i)}":{},`),
          '"t":{}}}',
        ),
      'INTEGRITY_FAILED',
      /more than 10000 tables/,
    ],
    [
      'with too many tables in its schema',
      () =>
        joined(
          '{"schema":{"name":"B","tables":{',
          many(20_000, (i) => `"t${String(i)}":{"columns":{}},`),
          '"t":{"columns":{}}}}}',
        ),
      'INTEGRITY_FAILED',
      /more than 10000 tables/,
    ],
    [
      'with the same row over and over',
      () =>
        document(
          '"T":{',
          many(60_000, (i) => `${i > 0 ? ',' : ''}"${FIRST}":{"name":"x"}`),
          '}',
        ),
      'INTEGRITY_FAILED',
      /holds the row 00000001-.* twice/,
    ],
    [
      'of YAML with lines that are blank without end',
      () => yaml(long(80 * MIB, '\n')),
      'TOO_LARGE',
      /a row has more than 1000000 lines/,
    ],
    [
      'of YAML with a line without end',
      () => yaml('      name: "', long(80 * MIB), '"\n'),
      'TOO_LARGE',
      /a line is too long/,
    ],
    ['of YAML nested without end', () => yaml('      set: ', long(MIB, '['), '\n'), 'INTEGRITY_FAILED', /./],
    [
      'of YAML nested by indentation',
      () => yaml(many(600, (i) => `${' '.repeat(6 + i)}a:\n`)),
      'INTEGRITY_FAILED',
      /./,
    ],
    [
      'of a log with a record without end',
      () => joined(record(`${SCHEMA}\n`), `OVSDB JSON 999999999999999 ${'0'.repeat(40)}\n{`, long(105 * MIB, ' ')),
      'TOO_LARGE',
      /content is larger than the limit/,
    ],
    [
      'of a log with a comment without end',
      () => joined(record(`${SCHEMA}\n`), record(`{"_comment":"${'x'.repeat(8 * MIB)}"}\n`)),
      'INTEGRITY_FAILED',
      /value of more than 4194304 bytes/,
    ],
  ];

  it.each(bombs)('%s is refused', async (_what, pieces, code, message) => {
    const failure = await failureOf(unpackGzip(pieces()));
    expect(failure).toEqual({ code, message: expect.stringMatching(message) as string });
    expect(failure.message.length).toBeLessThan(600);
  });

  it('of a log that writes the same rows over and over is refused before it has filled the disk', async () => {
    const rows = many(52, (i) => record(`{"T":{"${uuidOf(i)}":{"name":"${'x'.repeat(MIB)}"}}}\n`));
    const changes = many(8 * 52, (i) =>
      record(
        `{"_is_diff":true,"_comment":"${'x'.repeat(4_096)}","T":{"${uuidOf(i % 52)}":{"number":${String(i + 1)}}}}\n`,
      ),
    );
    const log = joined(record(`${SCHEMA}\n`), rows, changes);
    expect(await failureOf(unpackGzip(log, { contentBytesMax: 56 * MIB }))).toEqual({
      code: 'TOO_LARGE',
      message: expect.stringContaining("4 times its content's limit of 58720256 bytes on disk") as string,
    });
  });
});

describe('what is large and good is read', () => {
  it.each(['JSON', 'YAML', 'OVSDB'] as const)(
    'a %s archive comes back from scratch space as from memory, and is written the same',
    async (format) => {
      for (const compress of [false, true]) {
        const packed = await pack(SMALL, { format, compress });
        for (const expected of [packed, undefined]) {
          const unpacked = await unpack(packed.bytes, { scratch, expected });
          expect(scratch.length).toBeGreaterThan(0);
          expect(textsOf(unpacked.snapshot)).toEqual(textsOf((await unpack(packed.bytes)).snapshot));
          expect((await pack(unpacked.snapshot, { format, compress })).bytes.equals(packed.bytes)).toBe(true);
        }
      }
    },
  );

  it('a row of many values, in every notation', async () => {
    const values = Array.from({ length: 60_000 }, (_, i) => `value-${String(i).padStart(8, '0')}`);
    const expected = { T: { [FIRST]: JSON.stringify({ set: values }) } };
    const sources = [
      rowOf(
        '"set":[',
        many(values.length, (i) => `${i > 0 ? ',' : ''}"${values[i] as string}"`),
        ']',
      ),
      yaml(
        '      set:\n',
        many(values.length, (i) => `        - ${values[i] as string}\n`),
      ),
      joined(record(`${SCHEMA}\n`), record(`{"T":{"${FIRST}":{"set":["set",${JSON.stringify(values)}]}}}\n`)),
    ];
    for (const pieces of sources) expect(textsOf((await unpackGzip(pieces)).snapshot)).toEqual(expected);
  });

  it('a transaction of many changes, kept on scratch space until it ends', async () => {
    const name = 'y'.repeat(100);
    const inserted = record(
      `{"T":{${Array.from(many(30_000, (i) => `${i > 0 ? ',' : ''}"${uuidOf(i)}":{"name":"x","number":${String(i)}}`)).join('')}}}\n`,
    );
    const changed = record(
      `{"T":{${Array.from(many(30_000, (i) => `${i > 0 ? ',' : ''}"${uuidOf(i)}":${i % 3 === 0 ? 'null' : `{"name":"${name}"}`}`)).join('')}},"_is_diff":true}\n`,
    );
    const { snapshot } = await unpackGzip(joined(record(`${SCHEMA}\n`), inserted, changed));
    const rows = snapshot.tables.get('T');
    expect(rows?.count).toBe(20_000);
    expect(rows?.row(0)).toEqual({ name, number: 1 });
    expect(rows?.row(19_999)).toEqual({ name, number: 29_999 });
  });

  it('rows that come before their schema, in no order', async () => {
    const uuids = Array.from(
      { length: 30_000 },
      (_, i) => `${(Math.imul(i, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
    );
    const early = joined(
      '{"format":"ovncp-backup/1","tables":{"T":{',
      many(uuids.length, (i) => `${i > 0 ? ',' : ''}"${uuids[i] as string}":{ "number": ${String(i)}, "name": "" }`),
      `}},"schema":${SCHEMA},"contentDigest":"none"}`,
    );
    const { snapshot } = await unpackGzip(early);
    const sorted = uuids.map((uuid, i) => ({ uuid, i })).sort((a, b) => (a.uuid < b.uuid ? -1 : 1));
    const rows = snapshot.tables.get('T');
    expect(
      sorted.every(
        ({ uuid, i }, place) =>
          rows?.uuid(place) === uuid && rows.text(place).toString() === (i === 0 ? '{}' : `{"number":${String(i)}}`),
      ),
    ).toBe(true);
  });
});
