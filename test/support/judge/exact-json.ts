/**
 * A JSON reader for the judge: integers that a double cannot hold come back as bigint.
 * Written apart from the product's own, so that both do not share a mistake.
 */

export type ExactJson =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly ExactJson[]
  | { readonly [key: string]: ExactJson };

// in a jest module every look at a global is slow, and these are used once an atom
const { parse, stringify } = JSON;
const { isSafeInteger } = Number;
const { isArray } = Array;

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;

/** @throws SyntaxError where the text is not one JSON document */
export function parseExact(text: string): ExactJson {
  let at = 0;

  const space = (): void => {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    SPACE.lastIndex = at;
    SPACE.test(text);
    at = SPACE.lastIndex;
  };
  const fail = (): never => {
    throw new SyntaxError(`not JSON at character ${at}: ${JSON.stringify(text.slice(at, at + 40))}`);
  };
  const expect = (token: string): void => {
    if (!text.startsWith(token, at)) fail();
    at += token.length;
  };

  const string = (): string => {
    const start = at;
    let end = text.indexOf('"', start + 1);
    if (end < 0) fail();
    const plain = text.slice(start + 1, end);
    at = end + 1;
    if (!plain.includes('\\')) return plain;
    // a quote after an odd number of backslashes is part of the string
    while (backslashesBefore(text, end) % 2 === 1) {
      end = text.indexOf('"', end + 1);
      if (end < 0) fail();
    }
    at = end + 1;
    return parse(text.slice(start, at)) as string;
  };
  const number = (): number | bigint => {
    NUMBER.lastIndex = at;
    const match = NUMBER.exec(text) ?? fail();
    at = NUMBER.lastIndex;
    const whole = match[1] === undefined && match[2] === undefined;
    const value = +match[0];
    return whole && !isSafeInteger(value) ? BigInt(match[0]) : value;
  };
  const list = (close: string, item: () => void): void => {
    at++;
    space();
    if (text.startsWith(close, at)) {
      at++;
      return;
    }
    for (;;) {
      space();
      item();
      space();
      if (text[at] !== ',') break;
      at++;
    }
    expect(close);
  };
  const value = (): ExactJson => {
    switch (text[at]) {
      case '"':
        return string();
      case '[': {
        const array: ExactJson[] = [];
        list(']', () => array.push(value()));
        return array;
      }
      case '{': {
        // no prototype: a key may be "__proto__"
        const object = Object.create(null) as Record<string, ExactJson>;
        list('}', () => {
          if (text[at] !== '"') fail();
          const key = string();
          space();
          expect(':');
          space();
          object[key] = value();
        });
        return object;
      }
      case 't':
        expect('true');
        return true;
      case 'f':
        expect('false');
        return false;
      case 'n':
        expect('null');
        return null;
      default:
        return number();
    }
  };

  space();
  const result = value();
  space();
  if (at !== text.length) fail();
  return result;
}

/** JSON text of a value; bigint as its digits. */
export function printExact(value: ExactJson): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return stringify(value);
  if (isList(value)) return `[${value.map(printExact).join(',')}]`;
  return `{${Object.keys(value)
    .map((key) => `${stringify(key)}:${printExact(value[key] ?? null)}`)
    .join(',')}}`;
}

function backslashesBefore(text: string, index: number): number {
  let count = 0;
  while (text.charCodeAt(index - 1 - count) === 0x5c) count++;
  return count;
}

export function isList(value: ExactJson | undefined): value is readonly ExactJson[] {
  return isArray(value);
}

export function isObject(value: ExactJson | undefined): value is { readonly [key: string]: ExactJson } {
  return typeof value === 'object' && value !== null && !isArray(value);
}
