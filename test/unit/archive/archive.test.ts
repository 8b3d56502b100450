/** Packing and unpacking in every format: what goes in comes out, and what is not right is refused. */

import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { type ArchiveFormat } from '../../../src/archive/content/archive-format.js';
import { recognise } from '../../../src/archive/content/recognise.js';
import { verifyStored } from '../../../src/archive/layer/stored-bytes.js';
import { packArchive } from '../../../src/archive/pack.js';
import { unpackArchive } from '../../../src/archive/unpack.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { type Json, parseJson } from '../../../src/ovsdb/json.js';
import {
  anyTables,
  chunksOf,
  EVERY_KIND,
  failureOf,
  headerOf,
  pack,
  SMALL,
  snapshotOf,
  textsOf,
  unpack,
} from '../../support/databases/every-kind.js';
import { CHEAP_KEYS } from '../../support/key-cost.js';
import { lawRuns } from '../../support/law-runs.js';

const FORMATS: readonly ArchiveFormat[] = ['JSON', 'YAML', 'OVSDB'];
const PASSPHRASE = 'correct horse';

describe('unpack(pack(s)) equals s', () => {
  for (const format of FORMATS) {
    for (const compress of [false, true]) {
      it(`keeps every value as ${format}, ${compress ? 'compressed' : 'plain'}`, async () => {
        await fc.assert(
          fc.asyncProperty(anyTables, fc.integer({ min: 1, max: 400 }), async (tables, chunkBytes) => {
            const snapshot = snapshotOf(EVERY_KIND, tables);
            const packed = await pack(snapshot, { format, compress });
            for (const expected of [packed, undefined]) {
              const unpacked = await unpack(packed.bytes, { expected }, chunkBytes);
              expect(textsOf(unpacked.snapshot)).toEqual(textsOf(snapshot));
              expect(unpacked).toMatchObject({
                format,
                compressed: compress,
                encrypted: false,
                header: headerOf(snapshot),
                checksum: packed.checksum,
                size: packed.size,
                contentSize: packed.contentSize,
                contentDigest: packed.contentDigest,
              });
              expect(unpacked.snapshot.schema).toEqual(snapshot.schema);
            }
          }),
          { numRuns: lawRuns(10) },
        );
      });
    }
    it(`keeps every value as ${format}, encrypted`, async () => {
      await fc.assert(
        fc.asyncProperty(anyTables, fc.boolean(), async (tables, compress) => {
          const snapshot = snapshotOf(EVERY_KIND, tables);
          const packed = await pack(snapshot, { format, compress, passphrase: PASSPHRASE });
          const unpacked = await unpack(packed.bytes, { passphrase: PASSPHRASE, expected: packed });
          expect(textsOf(unpacked.snapshot)).toEqual(textsOf(snapshot));
          expect(unpacked).toMatchObject({ format, compressed: compress, encrypted: true });
        }),
        { numRuns: lawRuns(2) },
      );
    });
  }

  it('gives the same content digest in every format, and another one for other content', async () => {
    const digests = await Promise.all(
      FORMATS.map(async (format) => (await pack(SMALL, { format, compress: true })).contentDigest),
    );
    expect(new Set(digests).size).toBe(1);
    const other = snapshotOf(EVERY_KIND, { null: { 'd0000000-0000-4000-8000-000000000004': {} } });
    expect((await pack(other, { format: 'JSON', compress: false })).contentDigest).not.toBe(digests[0]);
  });

  it('leaves ephemeral columns out of a database file and keeps them in a document', async () => {
    const uuid = 'a0000000-0000-4000-8000-000000000001';
    const snapshot = snapshotOf(EVERY_KIND, { Kinds: { [uuid]: { volatile: 7, scalar_integer: 1 } } });
    for (const format of FORMATS) {
      const packed = await pack(snapshot, { format, compress: false });
      const { snapshot: read } = await unpack(packed.bytes, { expected: packed });
      expect(textsOf(read)['Kinds']?.[uuid]).toBe(
        format === 'OVSDB' ? '{"scalar_integer":1}' : '{"scalar_integer":1,"volatile":7}',
      );
    }
  });

  it('handles more rows than a block holds, with rows longer than a block among them', async () => {
    const rows = Object.fromEntries(
      Array.from({ length: 6_000 }, (_, i) => [
        `${((i * 7919) % 65536).toString(16).padStart(8, '0')}-0000-4000-8000-${String(i).padStart(12, '0')}`,
        { scalar_string: `row ${String(i)} ${'x'.repeat(i === 17 ? 1_200_000 : i % 100)}` },
      ]),
    );
    const snapshot = snapshotOf(EVERY_KIND, { Kinds: rows });
    for (const format of FORMATS) {
      const seen: number[] = [];
      const packed = await pack(snapshot, { format, compress: true, onProgress: (count) => seen.push(count) });
      expect(seen.at(-1)).toBe(6_000);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      for (const expected of [packed, undefined]) {
        const read = await unpack(packed.bytes, { expected });
        expect(read.contentDigest).toBe(packed.contentDigest);
        expect(textsOf(read.snapshot)).toEqual(textsOf(snapshot));
      }
    }
  });
});

describe('documents', () => {
  const json = async (): Promise<string> => (await pack(SMALL, { format: 'JSON', compress: false })).bytes.toString();
  const yaml = async (): Promise<string> => (await pack(SMALL, { format: 'YAML', compress: false })).bytes.toString();

  it('writes one row a line that any JSON reader takes', async () => {
    const text = await json();
    expect(text.split('\n').filter((line) => /^"[0-9a-f-]{36}":\{.*\},?$/.test(line))).toHaveLength(4);
    expect(Object.keys(JSON.parse(text) as object)).toEqual([
      'format',
      'manifest',
      'schema',
      'tables',
      'contentDigest',
    ]);
  });

  it('writes YAML that a YAML reader takes for the same tree', async () => {
    const tree = load(await yaml()) as { tables: { null: Record<string, unknown> } };
    expect(tree.tables.null).toEqual({ 'd0000000-0000-4000-8000-000000000004': { true: 'no', bound: [0, 10] } });
  });

  it('reads JSON in any white space and any order of members', async () => {
    const own = await json();
    const { format, manifest, schema, tables, contentDigest } = parseJson(own) as { [key: string]: Json };
    const pretty = (value: Json): string =>
      JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? `@@${String(v)}@@` : v), 3).replace(
        /"@@(-?\d+)@@"/g,
        '$1',
      );
    for (const other of [
      pretty({ format, manifest, schema, tables, contentDigest } as Json),
      pretty({ contentDigest, tables, note: [1], schema, manifest, format } as Json),
      pretty({ format, schema, tables } as Json),
      own.replaceAll('\n', ''),
      own.replaceAll('},\n"', '},"'),
      own.replaceAll('\n', '\r\n\t '),
    ]) {
      for (const chunkBytes of [1, 7, 65536])
        expect(textsOf((await unpack(other, {}, chunkBytes)).snapshot)).toEqual(textsOf(SMALL));
    }
  });

  it('reads YAML with the schema before or after the rows, in pieces of any size', async () => {
    const packed = await pack(SMALL, { format: 'YAML', compress: false, isForPeople: true });
    const own = packed.bytes.toString();
    expect(own.indexOf('\nschema:')).toBeGreaterThan(own.indexOf('\ntables:'));
    expect(load(own)).toEqual(load(await yaml()));
    for (const chunkBytes of [1, 7, 65536]) {
      for (const expected of [packed, undefined]) {
        const unpacked = await unpack(own, { expected }, chunkBytes);
        expect(textsOf(unpacked.snapshot)).toEqual(textsOf(SMALL));
        expect(unpacked).toMatchObject({ contentDigest: packed.contentDigest, header: headerOf(SMALL) });
      }
    }
    const schema = own.slice(own.indexOf('\nschema:'), own.indexOf('\ncontentDigest:'));
    const wrong: readonly (readonly [string, RegExp])[] = [
      [own.replace(schema, ''), /schema is missing/],
      [own.slice(0, own.indexOf('\ncontentDigest:') + 1), /no "contentDigest"/],
      [own.replace('\ntables:', `${schema}\ntables:`), /"schema" twice/],
      [own.replace('\n  Kinds:', '\n  Kinks:'), /Kinks/],
      [own.replace('scalar_boolean: true', 'scalar_boolean: 7'), /scalar_boolean/],
    ];
    for (const [text, message] of wrong)
      expect(await failureOf(unpack(text))).toMatchObject({
        code: 'INTEGRITY_FAILED',
        message: expect.stringMatching(message) as string,
      });
  });

  it('reads YAML in another layout', async () => {
    const own = await yaml();
    const trailer = own.slice(own.indexOf('contentDigest'));
    const others = [
      await json(),
      `---\n# a note\n${own}`,
      own.replace(trailer, `\n# a note\n${trailer}`),
      own.replaceAll(/^( +)/gm, '$1$1'),
      own.replaceAll('\n', '\r\n'),
      trailer + own.replace(trailer, ''),
    ];
    for (const other of others) expect(textsOf((await unpack(other)).snapshot)).toEqual(textsOf(SMALL));
  });

  it('names table, row and column of a value that does not fit', async () => {
    const own = (await json()).replace('"bound":[0,10]', '"bound":[0,11]').replace(/"sha256:.*"/, '"none"');
    const failure = await failureOf(unpack(own));
    expect(failure.code).toBe('INTEGRITY_FAILED');
    expect(failure.message).toMatch(/null d0000000-0000-4000-8000-000000000004, column bound: 11 is outside 0 to 10/);
  });

  const wrong: readonly (readonly [string, (own: string) => string, RegExp])[] = [
    ['another version', (own) => own.replace('ovncp-backup/1', 'ovncp-backup/9'), /understands "ovncp-backup\/1"/],
    ['no schema', (own) => own.replace('"schema":', '"scheme":'), /no "schema"/],
    ['no tables', (own) => own.replace('"tables":{\n', '"tabels":{\n'), /no "tables"/],
    ['an unknown table', (own) => own.replace('"Kinds":{\n', '"Kinks":{\n'), /Kinks/],
    ['an unknown column', (own) => own.replace('"scalar_boolean":true', '"scalar_boolaen":true'), /scalar_boolaen/],
    [
      'a row twice',
      (own) => own.replace('"b0000000-0000-4000-8000-000000000002":{', '"a0000000-0000-4000-8000-000000000001":{'),
      /a0000000-0000-4000-8000-000000000001 of table Kinds twice/,
    ],
    ['a table twice', (own) => own.replace('"null":{\n', '"Kinds":{\n'), /"Kinds" twice/],
    [
      'a row that is no UUID',
      (own) => own.replace('"b0000000-0000-4000-8000-000000000002":{', '"B0000000-0000-4000-8000-000000000002":{'),
      /not a UUID/,
    ],
    ['a changed row', (own) => own.replace(',"scalar_boolean":true', ''), /contentDigest/],
    ['two documents', (own) => own + own, /nothing more/],
    ['a malformed manifest', (own) => own.replace('"type":"FULL"', '"type":"HALF"'), /manifest/],
    ['a malformed schema', (own) => own.replace('"indexes":[["true"]]', '"indexes":[7]'), /schema is malformed/],
    [
      'a schema with a malformed limit',
      (own) => own.replace('"minInteger":0', '"enum":["set",4]'),
      /schema is malformed/,
    ],
    [
      'deep nesting',
      (own) => own.replace('"scalar_boolean":true', `"scalar_boolean":${'['.repeat(50_000)}${']'.repeat(50_000)}`),
      /b0000000/,
    ],
    ['bytes that are no UTF-8', (own) => own, /UTF-8/],
  ];
  for (const [what, change, message] of wrong) {
    it(`refuses a document with ${what}`, async () => {
      const bytes = Buffer.from(change(await json()));
      if (what.includes('UTF-8')) bytes[bytes.indexOf('gr\u00fc\u00dfe') + 2] = 0xff;
      const failure = await failureOf(unpack(bytes));
      expect(failure).toMatchObject({ code: 'INTEGRITY_FAILED', message: expect.stringMatching(message) as string });
    });
  }

  it('refuses YAML tags, aliases and an alias bomb, in any layout', async () => {
    const own = await yaml();
    for (const bad of [
      own.replace('scalar_boolean: true', 'scalar_boolean: !!js/function x'),
      own.replace('set_uuid:', 'set_uuid: &a').replace('map_boolean:\n        - [true,false]', 'map_boolean: *a'),
      `---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n${own}`,
    ]) {
      expect(bad).not.toBe(own);
      expect(await failureOf(unpack(bad))).toMatchObject({ code: 'INTEGRITY_FAILED' });
    }
  });

  it('takes an edited document whose digest says so', async () => {
    const edit = (own: string): string =>
      own.replace(/"?sha256:[0-9a-f]*"?/, '"none"').replace(/scalar_boolean("?): ?true/, 'scalar_boolean$1: false');
    for (const own of [await json(), await yaml()]) {
      const read = await unpack(edit(own));
      expect(textsOf(read.snapshot)['Kinds']?.['b0000000-0000-4000-8000-000000000002']).not.toContain('scalar_boolean');
    }
  });
});

describe('layers', () => {
  it('recognises what a file holds by its first bytes', async () => {
    expect(recognise(Buffer.from('OVSDB CLUSTER 12 34\n'))).toBe('CLUSTER');
    expect(recognise(Buffer.from('GIF89a'))).toBeUndefined();
    expect(recognise(Buffer.alloc(0))).toBeUndefined();
    for (const format of FORMATS) {
      expect(recognise((await pack(SMALL, { format, compress: false })).bytes)).toBe(format);
      expect(recognise((await pack(SMALL, { format, compress: true })).bytes)).toBe('GZIP');
    }
    expect(recognise((await pack(SMALL, { format: 'JSON', compress: true, passphrase: PASSPHRASE })).bytes)).toBe(
      'ENCRYPTED',
    );
  });

  it('refuses garbage, an empty file and what only begins as a clustered database', async () => {
    expect(await failureOf(unpack(Buffer.from([0xde, 0xad, 0xbe, 0xef])))).toMatchObject({ code: 'INTEGRITY_FAILED' });
    expect(await failureOf(unpack(''))).toMatchObject({
      code: 'INTEGRITY_FAILED',
      message: expect.stringContaining('empty') as string,
    });
    expect(await failureOf(unpack('OVSDB CLUSTER 12 34\n{}'))).toMatchObject({
      code: 'INTEGRITY_FAILED',
      message: expect.stringContaining('at byte 0') as string,
    });
    expect(await failureOf(unpack('some: yaml\n'))).toMatchObject({ code: 'INTEGRITY_FAILED' });
    expect(await failureOf(unpack('{}'))).toMatchObject({ code: 'INTEGRITY_FAILED' });
  });

  it('tells a missing and a wrong key from a damaged file', async () => {
    const packed = await pack(SMALL, { format: 'JSON', compress: true, passphrase: PASSPHRASE });
    for (const expected of [packed, undefined]) {
      expect(await failureOf(unpack(packed.bytes, { expected }))).toMatchObject({
        code: 'DECRYPTION_FAILED',
        message: 'Decryption failed: the backup is encrypted: send its passphrase as the key',
      });
      const failure = await failureOf(unpack(packed.bytes, { expected, passphrase: 'wrong secret' }));
      expect(failure.code).toBe('DECRYPTION_FAILED');
      expect(failure.message).not.toContain('secret');
    }
    const changed = Buffer.from(packed.bytes);
    changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
    expect(await failureOf(unpack(changed, { passphrase: PASSPHRASE }))).toMatchObject({ code: 'INTEGRITY_FAILED' });
    expect(await failureOf(unpack(changed, { expected: packed, passphrase: 'wrong' }))).toMatchObject({
      code: 'INTEGRITY_FAILED',
    });
    expect(packed.bytes.includes(PASSPHRASE)).toBe(false);
  });

  it('makes other bytes of the same content each time it encrypts', async () => {
    const [a, b] = await Promise.all(
      [1, 2].map(() => pack(SMALL, { format: 'JSON', compress: false, passphrase: PASSPHRASE })),
    );
    expect(a?.checksum).not.toBe(b?.checksum);
    expect(a?.contentDigest).toBe(b?.contentDigest);
  });

  it('refuses an empty passphrase', async () => {
    expect(await failureOf(pack(SMALL, { format: 'JSON', compress: false, passphrase: '' }))).toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });

  it('stops a gzip bomb at the limit', async () => {
    const row = { scalar_string: 'x'.repeat(1 << 20) };
    const bomb = await pack(
      snapshotOf(EVERY_KIND, {
        Kinds: Object.fromEntries(
          Array.from({ length: 16 }, (_, i) => [`${String(i).padStart(8, '0')}-0000-4000-8000-000000000000`, row]),
        ),
      }),
      { format: 'JSON', compress: true },
    );
    expect(bomb.size).toBeLessThan(200_000);
    let seen = 0;
    const failure = await failureOf(
      unpack(bomb.bytes, {
        contentBytesMax: 1 << 21,
        expected: bomb,
        onProgress: (_rows, bytes) => {
          seen = bytes;
        },
      }),
    );
    expect(failure.code).toBe('TOO_LARGE');
    expect(seen).toBeLessThanOrEqual(1 << 21);
  });

  it('reads gzip of several members and refuses anything after the last', async () => {
    const packed = await pack(SMALL, { format: 'JSON', compress: true });
    const plain = gunzipSync(packed.bytes);
    const half = plain.length >> 1;
    const { gzipSync } = await import('node:zlib');
    const members = Buffer.concat([gzipSync(plain.subarray(0, half)), gzipSync(plain.subarray(half))]);
    expect(textsOf((await unpack(members, {}, 100)).snapshot)).toEqual(textsOf(SMALL));
    for (const rest of [Buffer.from([0]), Buffer.alloc(300), Buffer.from('garbage'), packed.bytes]) {
      expect(await failureOf(unpack(Buffer.concat([packed.bytes, rest])))).toMatchObject({ code: 'INTEGRITY_FAILED' });
    }
  });

  it('verifies the stored bytes alone', async () => {
    const packed = await pack(SMALL, { format: 'YAML', compress: true, passphrase: PASSPHRASE });
    await verifyStored(chunksOf(packed.bytes, 50), packed);
    expect(await failureOf(verifyStored(chunksOf(packed.bytes.subarray(1)), packed))).toMatchObject({
      code: 'INTEGRITY_FAILED',
    });
    const changed = Buffer.from(packed.bytes);
    changed[40] = (changed[40] as number) ^ 4;
    expect(await failureOf(verifyStored(chunksOf(changed), packed))).toMatchObject({ code: 'INTEGRITY_FAILED' });
  });

  it('refuses a good archive that is not the expected one', async () => {
    const packed = await pack(SMALL, { format: 'JSON', compress: true });
    const other = await pack(snapshotOf(EVERY_KIND, {}), { format: 'JSON', compress: true });
    expect(await failureOf(unpack(other.bytes, { expected: packed }))).toMatchObject({ code: 'INTEGRITY_FAILED' });
    expect(
      await failureOf(unpack(other.bytes, { expected: { ...other, contentDigest: packed.contentDigest } })),
    ).toMatchObject({ code: 'INTEGRITY_FAILED', message: expect.stringContaining('content digest') as string });
  });
});

describe('ending early', () => {
  it('releases the source when it is aborted, even when the source hangs', async () => {
    const packed = await pack(SMALL, { format: 'JSON', compress: true, passphrase: PASSPHRASE });
    const abort = new AbortController();
    let released = false;
    const source: AsyncIterable<Buffer> = {
      [Symbol.asyncIterator]: () => {
        const chunks = [packed.bytes.subarray(0, 200)];
        return {
          next: () => {
            const value = chunks.shift();
            return value === undefined ? new Promise<never>(() => undefined) : Promise.resolve({ done: false, value });
          },
          return: () => {
            released = true;
            return Promise.resolve({ done: true, value: undefined });
          },
        };
      },
    };
    setTimeout(() => abort.abort(new Error('enough')), 300);
    const options = { contentBytesMax: 1e6, clock, passphrase: PASSPHRASE, keyCost: CHEAP_KEYS, signal: abort.signal };
    expect(await failureOf(unpackArchive(source, options))).toMatchObject({ message: 'enough' });
    expect(released).toBe(true);
  });

  it('passes on what the source throws', async () => {
    const packed = await pack(SMALL, { format: 'JSON', compress: true });
    async function* broken(): AsyncGenerator<Buffer> {
      yield packed.bytes.subarray(0, 60);
      throw new Error('the disk is gone');
    }
    for (const expected of [packed, undefined]) {
      expect(await failureOf(unpackArchive(broken(), { contentBytesMax: 1e6, clock, expected }))).toMatchObject({
        message: 'the disk is gone',
      });
    }
  });

  it('stops packing when it is aborted or its reader leaves', async () => {
    for (const format of FORMATS) {
      const abort = new AbortController();
      abort.abort(new Error('enough'));
      expect(await failureOf(pack(SMALL, { format, compress: true, signal: abort.signal }))).toMatchObject({
        message: 'enough',
      });
      const { bytes, result } = packArchive(SMALL, { format, compress: true, header: headerOf(SMALL) });
      for await (const chunk of bytes) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      expect(await failureOf(result)).toMatchObject({ code: 'CANCELLED' });
    }
  });
});
