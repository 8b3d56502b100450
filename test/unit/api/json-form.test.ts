/**
 * The JSON form of an import, read as a stream: it gives what JSON.parse gives, however it is cut, and refuses what
 * JSON.parse refuses.
 */
import fc from 'fast-check';
import { JsonForm } from '../../../src/api/rest/backup/json-form.js';

function read(
  bytes: Buffer,
  cuts: readonly number[] = [],
): { data: string; members: Readonly<Record<string, unknown>> } {
  const form = new JsonForm();
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  const pieces = places.slice(1).map((end, i) => form.push(bytes.subarray(places[i], end)));
  const members = form.end();
  return { data: Buffer.concat(pieces).toString(), members };
}

const member = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }),
  fc.jsonValue(),
);
// lone surrogates are no text
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.jsonValue().map((value) => JSON.stringify(value)),
);
const forms = fc.record({
  data: text,
  members: fc.dictionary(
    fc.string({ unit: 'grapheme' }).filter((key) => key !== 'data' && key !== '__proto__'),
    member,
    { maxKeys: 5 },
  ),
  first: fc.boolean(),
  indent: fc.constantFrom(undefined, 1, '\t'),
  ascii: fc.boolean(),
  cuts: fc.array(fc.nat(), { maxLength: 20 }),
});

it('reads what JSON.parse reads, cut anywhere', () => {
  fc.assert(
    fc.property(forms, ({ data, members, first, indent, ascii, cuts }) => {
      const plain = JSON.stringify(first ? { data, ...members } : { ...members, data }, null, indent);
      const json = ascii
        ? plain.replaceAll(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
        : plain;
      const { data: _data, ...others } = JSON.parse(json) as Record<string, unknown>;
      expect(read(Buffer.from(json), cuts)).toEqual({ data, members: others });
    }),
    { numRuns: 1_000, seed: 4 },
  );
});

it('refuses every body that JSON.parse refuses', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    ',',
    ':',
    '"data"',
    '"a"',
    '1',
    'true',
    ' ',
    '\\u00',
    'é',
    '\n',
    '"data":"x"',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (list) => {
      const body = `{${list.join('')}`;
      let expected: unknown;
      try {
        expected = (JSON.parse(body) as { data?: unknown }).data;
      } catch {
        expected = undefined;
      }
      let given: unknown;
      try {
        given = read(Buffer.from(body)).data;
      } catch {
        given = undefined;
      }
      // a member that is there twice is refused, and so is a document that is no string
      expect(given === undefined || given === expected).toBe(true);
    }),
    { numRuns: 5_000, seed: 4 },
  );
});

it.each([
  ['{"data": "x"', /ends too early/],
  ['{"format": "json"}', /^data: is needed/],
  ['{}', /^data: is needed/],
  ['{"data": "x", "data": "y"}', /^data: is there twice/],
  ['{"data": {"format": "x"}}', /^data: takes the document as a string/],
  ['{"data": "\\ud800"}', /surrogate/],
  ['{"data": "\\udc00"}', /surrogate/],
  ['{"data": "\\ud83dx"}', /surrogate/],
  ['{"data": "a\\qb"}', /escape is none of JSON/],
  ['{"data": "a\nb"}', /control character/],
  ['{"data": "x"} x', /malformed at byte 14/],
  ['{"key": secret, "data": "x"}', /^The body's "key" is no valid JSON/],
])('says what is wrong with %j', (body, message) => {
  expect(() => read(Buffer.from(body))).toThrow(message);
});

it('keeps no more than a megabyte beside the document', () => {
  const form = new JsonForm();
  const piece = Buffer.alloc(1 << 16, 'a');
  form.push(Buffer.from('{"data": "'));
  for (let i = 0; i < 100; i++) expect(form.push(piece).length).toBe(piece.length);
  form.push(Buffer.from('", "name": "'));
  expect(() => Array.from({ length: 20 }, () => form.push(piece))).toThrow(/larger than 1048576 bytes/);
});
