/**
 * Conversions to another schema in the log of a cluster's member, as OVS 3.2 and newer write them: `[schema, null]`.
 * What ovsdb-server makes of each value: test/functional/archive/conversion.test.ts.
 */
import { tmpdir } from 'node:os';
import type { Scratch } from '../../../src/lib/scratch.js';
import type { Json, JsonObject } from '../../../src/ovsdb/json.js';
import { openScratch } from '../../../src/state/scratch-file.js';
import { failureOf, textsOf, unpack } from '../../support/databases/every-kind.js';
import { memberFile } from '../../support/databases/member-file.js';

const strong = (table: string, min = 0): Json => ({
  type: { key: { type: 'uuid', refTable: table }, min, max: 'unlimited' },
});
const weak = (table: string): Json => ({
  type: { key: { type: 'uuid', refTable: table, refType: 'weak' }, min: 0, max: 'unlimited' },
});
const STRINGS = { type: { key: 'string', min: 0, max: 'unlimited' } };
const schema = (version: string, tables: JsonObject): Json => ({ name: 'Tiny', version, tables });
const u = (name: string): string => `${Buffer.from(name.padEnd(4, '-')).toString('hex')}-0000-4000-8000-000000000000`;
const set = (...names: readonly string[]): Json => ['set', names.map((name): Json => ['uuid', u(name)])];

const SWITCH = { name: { type: 'string' }, ports: strong('Port'), old: { type: 'string' } };
const PORT = { name: { type: 'string' }, tag: { type: 'integer' } };
const GROUP = { ports: weak('Port') };
const BEFORE = schema('1.0.0', {
  Switch: { columns: SWITCH, isRoot: true },
  Port: { columns: PORT },
  Group: { columns: GROUP, isRoot: true },
  Gone: { columns: { name: { type: 'string' } }, isRoot: true },
});
const ROWS: JsonObject = {
  Switch: { [u('s')]: { name: 'web', ports: set('p', 'q'), old: 'x' }, [u('t')]: { ports: set('r') } },
  Port: { [u('p')]: { name: 'p', tag: 5 }, [u('q')]: { name: 'q' }, [u('r')]: {} },
  Group: { [u('g')]: { ports: set('p', 'r') } },
  Gone: { [u('x')]: { name: 'x' } },
  _date: 1,
};
/** The switch has lost a column and got one, a tag may be unset, and a table is gone. */
const NEXT = schema('2.0.0', {
  Switch: { columns: { name: { type: 'string' }, ports: strong('Port'), novel: STRINGS }, isRoot: true },
  Port: { columns: { name: STRINGS, tag: { type: { key: 'integer', min: 0, max: 1 } } } },
  Group: { columns: GROUP, isRoot: true },
});
const CONVERTED = {
  Switch: {
    [u('s')]: `{"name":"web","ports":["${u('p')}","${u('q')}"]}`,
    [u('t')]: `{"ports":["${u('r')}"]}`,
  },
  Port: {
    [u('p')]: '{"name":["p"],"tag":5}',
    [u('q')]: '{"name":["q"],"tag":0}',
    [u('r')]: '{"name":[""],"tag":0}',
  },
  Group: { [u('g')]: `{"ports":["${u('p')}","${u('r')}"]}` },
};

describe.each(['in memory', 'on scratch space'])('a schema without rows in the log, with rows %s', (where) => {
  let scratch: Scratch | undefined;

  beforeEach(async () => {
    scratch = where === 'in memory' ? undefined : await openScratch(tmpdir());
  });
  afterEach(() => scratch?.close());

  const read = async (
    entries: readonly Json[],
    file: { readonly before?: Json; readonly rows?: Json; readonly committed?: number } = {},
  ): Promise<{ version: string; texts: Record<string, Record<string, string>>; warnings: readonly string[] }> => {
    const { before = BEFORE, rows = ROWS, ...rest } = file;
    const { snapshot, warnings } = await unpack(memberFile({ schema: before, rows, entries, ...rest }), { scratch });
    return { version: snapshot.schema.version, texts: textsOf(snapshot), warnings };
  };

  it('is what the rows are converted to', async () => {
    expect(await read([[NEXT, null]])).toEqual({ version: '2.0.0', texts: CONVERTED, warnings: [] });
  });

  it('is left out while it is not known to be committed', async () => {
    const { version, texts, warnings } = await read([[NEXT, null]], { committed: 0 });
    expect([version, texts]).toEqual(['1.0.0', (await read([])).texts]);
    expect(warnings).toEqual([expect.stringMatching(/^1 of the log's entries .* were left out/)]);
  });

  it('is followed by transactions of the new schema, and comes after some of the old', async () => {
    const { texts } = await read([
      [null, { Switch: { [u('s')]: { old: 'changed' } }, Port: { [u('q')]: { tag: 7 } }, _is_diff: true }],
      [NEXT, null],
      [
        null,
        {
          Switch: { [u('s')]: { novel: ['set', ['a', 'b']], ports: set('q', 'n') }, [u('t')]: null },
          Port: { [u('q')]: null, [u('r')]: null, [u('n')]: { tag: 9 }, [u('p')]: { tag: ['set', []] } },
          _is_diff: true,
        },
      ],
    ]);
    expect(texts).toEqual({
      Switch: { [u('s')]: `{"name":"web","novel":["a","b"],"ports":["${u('n')}","${u('p')}"]}` },
      Port: { [u('n')]: '{"tag":9}', [u('p')]: '{"name":["p"]}' },
      Group: CONVERTED.Group,
    });
  });

  it('may come more than once, back and forth', async () => {
    const { version, texts } = await read([
      [NEXT, null],
      [null, { Switch: { [u('s')]: { novel: 'a' } } }],
      [BEFORE, null],
      [NEXT, null],
      [BEFORE, null],
    ]);
    expect(version).toBe('1.0.0');
    const { Switch, Gone, ...rest } = (await read([])).texts;
    // what a schema had no place for does not come back
    expect(Object.keys(Gone ?? {})).toEqual([u('x')]);
    expect(texts).toEqual({
      ...rest,
      Gone: {},
      Switch: { ...Switch, [u('s')]: Switch?.[u('s')]?.replace('"old":"x",', '') },
    });
  });

  it('is the first there is, of a database that is empty', async () => {
    const { version, texts } = await read([], { before: NEXT, rows: null });
    expect([version, texts]).toEqual(['2.0.0', { Switch: {}, Port: {}, Group: {} }]);
  });

  it('takes rows away that nothing holds any more, what those held, and weak references to them', async () => {
    const chain = (version: string, isHeld: boolean): Json =>
      schema(version, {
        Top: { isRoot: true, columns: { name: { type: 'string' }, ...(isHeld ? { middles: strong('Middle') } : {}) } },
        Middle: { columns: { bottoms: strong('Bottom') } },
        Bottom: { columns: { name: { type: 'string' } } },
        Other: { isRoot: true, columns: { bottoms: strong('Bottom'), seen: weak('Bottom') } },
      });
    const { texts } = await read(
      [
        [chain('2.0.0', false), null],
        [null, { Bottom: { [u('n')]: {} } }],
      ],
      {
        before: chain('1.0.0', true),
        rows: {
          Top: { [u('t')]: { name: 'top', middles: set('m') } },
          Middle: { [u('m')]: { bottoms: set('a', 'b') } },
          Bottom: { [u('a')]: { name: 'a' }, [u('b')]: { name: 'b' } },
          Other: { [u('o')]: { bottoms: set('b'), seen: set('a', 'b') } },
        },
      },
    );
    expect(texts).toEqual({
      Top: { [u('t')]: '{"name":"top"}' },
      Middle: {},
      Bottom: { [u('b')]: '{"name":"b"}', [u('n')]: '{}' },
      Other: { [u('o')]: `{"bottoms":["${u('b')}"],"seen":["${u('b')}"]}` },
    });
  });

  const one = (type: Json, isRoot = true): JsonObject => ({ T: { isRoot, columns: { c: { type } } } });

  it.each<[string, Json, Json, Json, RegExp]>([
    ['a set of two that becomes a single value', STRINGS.type, 'string', ['set', ['a', 'b']], /holds 2 values/],
    ['an unset value that becomes a single one', { key: 'string', min: 0, max: 1 }, 'string', ['set', []], /is unset/],
    [
      'a set that becomes a map',
      STRINGS.type,
      { key: 'string', value: 'string', min: 0, max: 2 },
      'a',
      /a set cannot become a map/,
    ],
    ['a text that becomes a number', 'string', 'integer', 'a', /string values cannot become integer values/],
    ['a number past the new limit', 'integer', { key: { type: 'integer', maxInteger: 5 } }, 7, /7 is outside/],
    [
      'a default that is not allowed any more',
      'string',
      { key: { type: 'string', enum: ['set', ['a']] } },
      '',
      /not one of/,
    ],
  ])('is refused for %s, which is named', async (_what, from, to, value, reason) => {
    const failure = await failureOf(
      read([[schema('2.0.0', one(to)), null]], {
        before: schema('1.0.0', one(from)),
        rows: { T: { [u('r')]: { c: value } } },
      }),
    );
    expect(failure).toEqual({ code: 'INTEGRITY_FAILED', message: expect.stringMatching(reason) as string });
    expect(failure.message).toContain(`schema version 2.0.0, which a row does not fit: T ${u('r')}, column c: `);
  });

  it('is refused where a reference is needed and leads nowhere', async () => {
    const tables = (refType?: string): JsonObject => ({
      T: {
        isRoot: true,
        columns: {
          c: { type: { key: { type: 'uuid', ...(refType === undefined ? {} : { refTable: 'T', refType }) } } },
        },
      },
    });
    const failure = await failureOf(
      read([[schema('2.0.0', tables('weak')), null]], {
        before: schema('1.0.0', tables()),
        rows: { T: { [u('r')]: { c: ['uuid', u('gone')] } } },
      }),
    );
    expect(failure.message).toContain(`T ${u('r')}, column c: refers to no row that is there`);
  });
});

it('refuses a log with no end of conversions', async () => {
  const entries = Array.from({ length: 101 }, (): Json => [BEFORE, null]);
  expect(await failureOf(unpack(memberFile({ schema: BEFORE, rows: ROWS, entries })))).toEqual({
    code: 'TOO_LARGE',
    message: expect.stringContaining('more than 100 times') as string,
  });
});

it('ends a conversion when scratch space grows too much', async () => {
  const rows = {
    T: Object.fromEntries(Array.from({ length: 500 }, (_, i) => [u(i.toString(36)), { c: 'x'.repeat(500) }])),
  };
  const types: readonly Json[] = ['string', { key: 'string', min: 0, max: 1 }];
  const schemas = types.map((type, i) => schema(`${i + 1}.0.0`, { T: { isRoot: true, columns: { c: { type } } } }));
  const [first = null] = schemas;
  const entries = Array.from({ length: 20 }, (_, i): Json => [schemas[(i + 1) % 2] as Json, null]);
  const bytes = memberFile({ schema: first, rows, entries });
  const scratch = await openScratch(tmpdir());
  try {
    expect(await failureOf(unpack(bytes, { scratch, contentBytesMax: bytes.length }))).toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringContaining('on disk') as string,
    });
  } finally {
    await scratch.close();
  }
});
