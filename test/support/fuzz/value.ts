/**
 * Hostile values for fuzzing, and hostile changes to good ones. Values are made as JSON with marks in them: "§origin0§"
 * becomes an id when it is sent, and "§raw3§", quotes included, a text that JSON.stringify cannot write.
 */
import fc from 'fast-check';

const LONG = 'x'.repeat(70_000);
const nested = (open: string, close: string, depth: number): string => `${open.repeat(depth)}1${close.repeat(depth)}`;

/** Texts that stand in a document as they are; some are no JSON. */
const RAW = [
  '1e999',
  '-1e999',
  '0.1e-400',
  '-0',
  '9007199254740993',
  '-9223372036854775809',
  '123456789012345678901234567890123',
  '1.5',
  '01',
  '+1',
  '.5',
  'nil',
  '',
  '1 2',
  "'text'",
  nested('[', ']', 5_000),
  nested('{"a":', '}', 3_000),
  '[[[[[[',
  '{"__proto__":{"isAdmin":true}}',
  '{"constructor":{"prototype":{"isAdmin":true}}}',
  '{"a":1,"a":2}',
  '{"toString":1,"valueOf":2,"toJSON":3,"then":4}',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u0000"',
  '"\u0001"',
  '"\\x"',
  '"\n"',
  '"unterminated',
  '/* comment */ 1',
  '[1,]',
  '{"a":1,}',
  `[${'0,'.repeat(3_000)}0]`,
  `{${Array.from({ length: 2_000 }, (_, i) => `"k${String(i)}":0`).join(',')}}`,
] as const;

export const HOSTILE_TEXTS = [
  '',
  ' ',
  '\0',
  'a\0b',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  'length',
  '../../../../etc/x',
  '..\\..\\x',
  '%2e%2e%2f',
  '.',
  '..',
  '/',
  'a/b',
  '~',
  '-',
  '--help',
  '\ud800',
  'x\udc00',
  'e\u0301',
  '\u202egnp',
  '\ufeff',
  '\u2028',
  '\u0085',
  '\u{1f600}',
  '\u{1f600}'.repeat(60),
  'x'.repeat(200),
  'x'.repeat(201),
  LONG,
  '\r\nX-Injected: 1',
  '\n',
  '\t',
  '"',
  "'",
  '`',
  '\\',
  '$',
  '${7*7}',
  '%s%n%d',
  '{{7*7}}',
  "'; DROP TABLE backups; --",
  '<script>alert(1)</script>',
  'null',
  'true',
  '0',
  '-1',
  '1e9',
  '1.5',
  '99999999999999999999',
  'Infinity',
  '[]',
  '{}',
  '{"a":1}',
  '*',
  '.*',
  '('.repeat(500),
  'a'.repeat(50) + '!',
  'json',
  'FULL',
  'full',
  'SKIP',
  'ls-a',
  'lr1',
  '00000000-0000-0000-0000-000000000000',
  '00000000-0000-0000-0000-00000000000G',
  '2026-01-15T10:30:00Z',
  '2026-02-30T25:61:00Z',
  '+275760-09-13T00:00:00.001Z',
  '0000-01-01T00:00:00Z',
] as const;

export const HOSTILE_NUMBERS = [
  0,
  -0,
  1,
  -1,
  0.5,
  2,
  86_400,
  86_401,
  100_000,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  2 ** 64,
  1e21,
  1e308,
  5e-324,
] as const;

const raw = fc.nat({ max: RAW.length - 1 }).map((n) => `§raw${String(n)}§`);

/** Any 16-bit units, also such as are no characters. */
const units = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  maxLength: 20,
});

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom(...HOSTILE_TEXTS), weight: 4 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 20 }), weight: 1 },
  { arbitrary: units, weight: 1 },
);

export const hostileNumber: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(...HOSTILE_NUMBERS),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
);

/** Any value of JSON, with marks. */
export const hostileJson: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  leaf: fc.oneof(hostileText, hostileNumber, fc.boolean(), fc.constant(null), raw),
  node: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { arbitrary: tie('leaf'), weight: 3 },
    { arbitrary: fc.array(tie('node'), { maxLength: 4 }), weight: 1 },
    { arbitrary: fc.dictionary(hostileText, tie('node'), { maxKeys: 4, noNullPrototype: true }), weight: 1 },
  ),
})).node;

/** One change somewhere in a tree of JSON. */
export interface Change {
  readonly kind: 'REPLACE' | 'DROP' | 'RENAME' | 'REPEAT' | 'WRAP' | 'ADD' | 'SWAP';
  /** Which of all places. */
  readonly at: number;
  readonly value: unknown;
  readonly name: string;
}

export const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<Change['kind']>(
      'REPLACE',
      'REPLACE',
      'REPLACE',
      'DROP',
      'RENAME',
      'REPEAT',
      'WRAP',
      'ADD',
      'SWAP',
    ),
    at: fc.noBias(fc.nat()),
    value: hostileJson,
    name: hostileText,
  }),
  { minLength: 1, maxLength: 3 },
);

type Tree = Record<string | number, unknown>;

interface Place {
  readonly parent: Tree;
  readonly key: string | number;
}

/** A copy with the changes; the value itself stays. */
export function changed(value: unknown, list: readonly Change[]): unknown {
  const root: Tree = { value: structuredClone(value) };
  for (const change of list) {
    const places = placesIn(root);
    const place = places[change.at % places.length];
    if (place !== undefined) apply(change, place, places[(change.at * 7 + 3) % places.length] ?? place);
  }
  return root['value'];
}

function apply({ kind, value, name }: Change, { parent, key }: Place, other: Place): void {
  const old = parent[key];
  switch (kind) {
    case 'REPLACE':
      parent[key] = value;
      break;
    case 'DROP':
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else Reflect.deleteProperty(parent, key);
      break;
    case 'RENAME':
      if (Array.isArray(parent)) break;
      Reflect.deleteProperty(parent, key);
      define(parent, name, old);
      break;
    case 'REPEAT':
      if (Array.isArray(parent)) parent.splice(Number(key), 0, structuredClone(old));
      else define(parent, `${String(key)}${name.slice(0, 20)}`, structuredClone(old));
      break;
    case 'WRAP':
      parent[key] = [old];
      break;
    case 'ADD':
      if (typeof old === 'object' && old !== null && !Array.isArray(old)) define(old as Tree, name, value);
      else parent[key] = [old, value];
      break;
    case 'SWAP':
      parent[key] = structuredClone(other.parent[other.key]);
      break;
  }
}

/** As a member of its own, also "__proto__". */
function define(object: Tree, name: string | number, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

function placesIn(parent: Tree): Place[] {
  const found: Place[] = [];
  const walk = (tree: Tree): void => {
    for (const key of Array.isArray(tree) ? tree.keys() : Object.keys(tree)) {
      found.push({ parent: tree, key });
      const value = tree[key];
      if (typeof value === 'object' && value !== null) walk(value as Tree);
    }
  };
  walk(parent);
  return found;
}

/** One change to bytes. */
export interface ByteChange {
  readonly kind: 'FLIP' | 'CUT' | 'DROP' | 'INSERT' | 'REPEAT' | 'ZERO';
  /** Where, in ten thousandths. */
  readonly at: number;
  readonly length: number;
  readonly bytes: Uint8Array;
}

export const byteChanges: fc.Arbitrary<readonly ByteChange[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<ByteChange['kind']>('FLIP', 'FLIP', 'CUT', 'DROP', 'INSERT', 'REPEAT', 'ZERO'),
    at: fc.noBias(fc.nat({ max: 9_999 })),
    length: fc.integer({ min: 1, max: 200 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }),
  }),
  { minLength: 1, maxLength: 4 },
);

export function withByteChanges(bytes: Buffer, list: readonly ByteChange[]): Buffer {
  let now = Buffer.from(bytes);
  for (const { kind, at: share, length, bytes: given } of list) {
    const at = Math.min(now.length - 1, Math.floor((share / 10_000) * now.length));
    if (at < 0) return now;
    const [before, there, after] = [now.subarray(0, at), now.subarray(at, at + length), now.subarray(at + length)];
    if (kind === 'FLIP') now[at] = (now[at] as number) ^ (1 << (length % 8));
    else if (kind === 'CUT') now = Buffer.from(before);
    else if (kind === 'ZERO') there.fill(0);
    else
      now = Buffer.concat(
        kind === 'DROP'
          ? [before, after]
          : kind === 'INSERT'
            ? [before, given, there, after]
            : [before, there, there, after],
      );
  }
  return now;
}

/** The text that is sent: JSON with its marks replaced. @param ids name of a mark -> what it stands for */
export function printed(value: unknown, ids: Readonly<Record<string, string>>): string {
  return marked(JSON.stringify(value) ?? '', ids);
}

export function marked(text: string, ids: Readonly<Record<string, string>>): string {
  return text
    .replaceAll(/"§raw(\d+)§"/g, (_mark, n: string) => RAW[Number(n)] ?? '')
    .replaceAll(/§(\w+)§/g, (mark, name: string) => ids[name] ?? mark);
}
