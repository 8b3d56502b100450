/** Framing: documents come out whole however the stream is cut, and what is no document is refused. */
import fc from 'fast-check';
import { FrameError, Framer, MemberReader, skipValue } from '../../../src/ovsdb/frame.js';

const LIMIT = 1 << 20;

function frame(chunks: Iterable<Buffer>, limit = LIMIT): string[] {
  const documents: Buffer[] = [];
  const framer = new Framer((document) => documents.push(document), limit);
  for (const chunk of chunks) lend(framer, chunk);
  return documents.map(String);
}

/** As a socket does, which reads the next bytes into the same place. */
function lend(framer: Framer, chunk: Buffer): void {
  const bytes = Buffer.from(chunk);
  try {
    framer.push(bytes);
  } finally {
    bytes.fill('x');
  }
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

/** Quotes, brackets and backslashes inside strings, and characters of two, three and four bytes. */
const TRICKY = [
  '{"a":"\\"}]{[\\\\","b":[{"c":"\\\\\\""}]}',
  '{"gr\u00fc\u00dfe \u20ac \u{1f600}":"\\u00fc\\ud83d\\ude00\u{1f600}"}',
  '{}',
  '{"":[[],{},[{}],"","\\\\"]}',
];

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"', '\\', '\\"', '{', '}]', '\u00fc\u20ac\u{1f600}', '\\\\"{'),
);
const document = fc
  .dictionary(text, fc.oneof(text, fc.jsonValue()), { maxKeys: 4 })
  .map((value) => JSON.stringify(value));

describe('a document that somebody takes over', () => {
  it('goes to him whole, wherever the stream is cut, however much of it he has to see to decide', () => {
    const MINE = '{"mine":[{"a":"}"}]}';
    const stream = `{"other":1}${MINE}{}{"m":0}${MINE}`;
    for (let first = 1; first < stream.length; first++) {
      for (const second of [first, first + 1, first + 5, stream.length]) {
        const [documents, taken]: [string[], string[]] = [[], ['']];
        const sink = {
          push: (piece: Buffer): number | undefined => {
            const before = taken.at(-1)?.length ?? 0;
            const all = `${taken.pop() ?? ''}${piece.toString()}`;
            taken.push(all.slice(0, MINE.length));
            if (all.length < MINE.length) return undefined;
            taken.push('');
            return MINE.length - before;
          },
        };
        const claim = (head: Buffer): typeof sink | 'UNDECIDED' | undefined => {
          const text = head.toString('latin1', 0, 8);
          if (text === '{"mine":') return sink;
          return '{"mine":'.startsWith(text) ? 'UNDECIDED' : undefined;
        };
        const framer = new Framer((document) => documents.push(document.toString()), LIMIT, claim);
        for (const chunk of cutAt(Buffer.from(stream), [first, Math.min(second, stream.length)])) lend(framer, chunk);
        expect([first, second, documents, taken]).toEqual([
          first,
          second,
          ['{"other":1}', '{}', '{"m":0}'],
          [MINE, MINE, ''],
        ]);
      }
    }
  });
});

describe('Framer', () => {
  it('finds the documents when the stream is cut at any one byte', () => {
    const bytes = Buffer.from(TRICKY.join(''));
    for (let at = 0; at <= bytes.length; at++) expect(frame(cutAt(bytes, [at]))).toEqual(TRICKY);
  });

  it('finds the documents when they come byte by byte, with empty chunks between', () => {
    const bytes = Buffer.from(TRICKY.join(''));
    expect(frame([...bytes].flatMap((byte) => [Buffer.of(byte), Buffer.alloc(0)]))).toEqual(TRICKY);
  });

  it('finds any documents with any cuts and any white space between them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(document, fc.constantFrom('', ' ', '\n', '\r\n\t ')), { maxLength: 6 }),
        fc.array(fc.nat(2_000), { maxLength: 12 }),
        (parts, cuts) => {
          const bytes = Buffer.from(parts.map((part) => part.join('')).join(''));
          expect(
            frame(
              cutAt(
                bytes,
                cuts.map((cut) => Math.min(cut, bytes.length)),
              ),
            ),
          ).toEqual(parts.map(([json]) => json));
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });

  it('takes a large document in small chunks', () => {
    const bytes = Buffer.from(`{"a":"${'\u00fc{[\\"\\\\'.repeat(400_000)}"}`);
    const chunks = Array.from({ length: Math.ceil(bytes.length / 100) }, (_, i) =>
      bytes.subarray(100 * i, 100 * (i + 1)),
    );
    expect(frame(chunks, 1 << 26)[0]?.length).toBe(bytes.toString().length);
  });

  it.each([
    ['hello'],
    ['[1]'],
    ['}'],
    ['{}}'],
    ['"{}"'],
    ['12 '],
    ['null'],
    ['{}x{}'],
    ['x{}'],
    ['{},{}'],
    ['\ufeff{}'],
  ])('refuses %j', (garbage) => {
    const bytes = Buffer.from(garbage);
    expect(() => frame([bytes])).toThrow(FrameError);
    expect(() => frame([...bytes].map((byte) => Buffer.of(byte)))).toThrow(FrameError);
  });

  it('refuses a document over the limit before it is whole, and takes one of just the limit', () => {
    const whole = Buffer.from(`{"a":"${'x'.repeat(92)}"}`);
    expect(whole.length).toBe(100);
    expect(frame([whole], 100)).toHaveLength(1);
    expect(frame(cutAt(whole, [30, 60]), 100)).toHaveLength(1);
    expect(() => frame([whole], 99)).toThrow('more than 99 bytes');
    expect(() => frame([whole.subarray(0, 60), whole.subarray(60, 95)], 90)).toThrow('more than 90 bytes');
  });

  it('counts the limit for each document by itself', () => {
    const one = Buffer.from('{"a":"xxxxxxxxxx"}');
    expect(
      frame(
        Array.from({ length: 100 }, () => one),
        one.length,
      ),
    ).toHaveLength(100);
  });
});

describe('skipValue and MemberReader', () => {
  it('end each value where JSON.stringify ended it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('', ',1', '}', ']'), (value, after) => {
        const json = JSON.stringify(value);
        expect(skipValue(Buffer.from(json + after), 0)).toBe(Buffer.byteLength(json));
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it('give every member of an object, with the value as it was written', () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,8}$/).filter((key) => key !== '__proto__');
    fc.assert(
      fc.property(fc.dictionary(name, fc.jsonValue(), { maxKeys: 6 }), (object) => {
        const bytes = Buffer.from(`[${JSON.stringify(object)},1]`);
        const reader = new MemberReader(bytes, 1);
        const found: [string, string][] = [];
        while (reader.enter()) {
          reader.skip();
          found.push([reader.key(), bytes.toString('utf8', reader.valueStart, reader.valueEnd)]);
        }
        expect(found).toEqual(Object.entries(object).map(([key, value]) => [key, JSON.stringify(value)]));
        expect(reader.end).toBe(bytes.length - 3);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it.each([['[]'], ['{"a" :1}'], ['{"a":1 "b":2}'], ['{a:1}'], ['{"a":"x'], ['{"a":[1'], ['{"a']])(
    'refuse %s',
    (json) => {
      expect(() => {
        const reader = new MemberReader(Buffer.from(json), 0);
        while (reader.enter()) reader.skip();
      }).toThrow(FrameError);
    },
  );
});
