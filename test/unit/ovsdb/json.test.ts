/** JSON with 64-bit integers exact. */
import fc from 'fast-check';
import { type Json, parseJson, stringifyJson } from '../../../src/ovsdb/json.js';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const asParsed = (integer: bigint): number | bigint =>
  Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;

/** Text that could be taken for a number, a mark, or the end of a string. */
const trap = fc.constantFrom(
  '9007199254740993',
  '-9223372036854775808',
  '"9007199254740993',
  '\\"9007199254740993,',
  ':9007199254740993]',
  'i9007199254740993',
  '\\',
  '\\\\"',
  '[1234567890123456789]',
  '__proto__',
  'constructor',
  '\u{1f600}',
  '\u007f',
);
const text = fc.oneof(
  trap,
  fc.string({ unit: 'binary' }).map((s) => s.replaceAll('\u0000', '')),
);
const real = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((x) => (Number.isInteger(x) ? x / 3 : x))
  .filter((x) => !Number.isInteger(x));
const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    int64.map(asParsed),
    real,
    text,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(text, tie('tree'), { maxKeys: 4 }),
  ),
}));

describe('parseJson and stringifyJson', () => {
  it('give back what they were given, 64-bit integers included', () => {
    fc.assert(
      fc.property(tree, (value) => {
        expect(parseJson(stringifyJson(value))).toEqual(value);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  it('agree with JSON.parse where no number is long, white space and escapes included', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (value, indent) => {
        const json = JSON.stringify(value, null, indent);
        if (!/\d{16}/.test(json)) expect(parseJson(json)).toEqual(JSON.parse(json));
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it.each([2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n])(
    'keeps %s exact, alone and among others',
    (integer) => {
      const expected = asParsed(integer);
      expect(parseJson(String(integer))).toBe(expected);
      expect(parseJson(`{"a":[${String(integer)} , "${String(integer)}" ],"b":${String(integer)}}`)).toEqual({
        a: [expected, String(integer)],
        b: expected,
      });
      expect(stringifyJson([expected])).toBe(`[${String(integer)}]`);
    },
  );

  it('leaves reals with many digits what JSON.parse makes of them', () => {
    for (const json of [
      '0.12345678901234568',
      '[-0.30000000000000004,1]',
      '1234567890123456.5',
      '123456789012345678.25e-3',
      '1.2345678901234567e+300',
      '1e-0000000000000000300',
      '12345678901234567890e2',
    ]) {
      expect(parseJson(json)).toEqual(JSON.parse(json));
    }
  });

  it('does not touch digits inside strings, after any escape', () => {
    const strings = [
      '9007199254740993',
      '"9007199254740993"',
      '\\9007199254740993',
      '\\"',
      '\n-9223372036854775809',
      '\u00fc12345678901234567890',
    ];
    expect(parseJson(JSON.stringify([...strings, Object.fromEntries(strings.map((s) => [s, s]))]))).toEqual([
      ...strings,
      Object.fromEntries(strings.map((s) => [s, s])),
    ]);
  });

  it('keeps a member called __proto__ a member', () => {
    const value = parseJson('{"__proto__":{"x":9007199254740993},"a":9007199254740993}');
    expect(Object.keys(value as object)).toEqual(['__proto__', 'a']);
    expect(stringifyJson(value)).toBe('{"__proto__":{"x":9007199254740993},"a":9007199254740993}');
  });

  it('takes a string of 20 million characters beside a long number', () => {
    const long = '\u00fc\\n'.repeat(7_000_000);
    const value = parseJson(`["${long}",9007199254740993]`) as readonly [string, bigint];
    expect(value[0].length).toBe(14_000_000);
    expect(value[1]).toBe(9007199254740993n);
  });

  it.each([
    '',
    '{',
    '[9007199254740993',
    '9007199254740993 9007199254740993',
    '{"a":9007199254740993,}',
    '--9007199254740993',
    '09007199254740993',
    '"9007199254740993',
  ])('refuses %j', (json) => {
    expect(() => parseJson(json)).toThrow(SyntaxError);
  });
});
