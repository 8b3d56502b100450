/**
 * JSON with 64-bit integers kept exact: OVSDB integers go from -2^63 to 2^63 - 1, and
 * JSON.parse rounds those past 2^53. An integer outside the safe range is a bigint here.
 */

export type Json = string | number | bigint | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Sixteen digits or more may be past 2^53; anything shorter is safe. */
const LONG_NUMBER = /\d{16}/;
/** A longer integer is out of every range; making a bigint of millions of digits takes minutes. */
const DIGITS_MAX = 1_000;
/**
 * Quotes, escapes and integers one by one: an expression for a whole string overflows the stack on one of millions of
 * characters.
 */
const QUOTE_OR_LONG_INTEGER = /"|\\.|(?<![\d.eE+-])-?[1-9]\d{15,}(?![\d.eE])/g;
/** Cannot begin a string of OVSDB, which refuses NUL. */
const MARK = '\u0000i';

/** Parses JSON text. @throws SyntaxError */
export function parseJson(text: string): Json {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text) as Json;
  let marked = false;
  let inString = false;
  const safe = text.replace(QUOTE_OR_LONG_INTEGER, (token) => {
    if (token === '"') inString = !inString;
    if (
      inString ||
      token === '"' ||
      token.startsWith('\\') ||
      token.length > DIGITS_MAX ||
      Number.isSafeInteger(Number(token))
    )
      return token;
    marked = true;
    return `"\\u0000i${token}"`;
  });
  const value = JSON.parse(safe) as Json;
  return marked ? revive(value) : value;
}

function revive(value: Json): Json {
  if (typeof value === 'string') return value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(revive);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, revive(member)]));
}

/** The inverse of parseJson: compact text, bigints as plain digits. */
export function stringifyJson(value: Json): string {
  switch (typeof value) {
    case 'bigint':
      return value.toString();
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(stringifyJson).join(',')}]`;
      const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${stringifyJson(member)}`);
      return `{${members.join(',')}}`;
    }
    default:
      return JSON.stringify(value);
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
