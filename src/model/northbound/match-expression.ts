/**
 * Names inside expressions of OVN's match language (ovn-sb(5), Logical_Flow.match), which ACLs, QoS rules, router
 * policies, NATs and mirror rules are written in.
 *
 * The expression is cut into tokens as OVN's own lexer cuts it, and names are taken only from where the language has
 * them: "@port_group", "$address_set", strings compared with inport or outport, and the argument of
 * is_chassis_resident(). A name in a comment, or a string that is compared with something else, is none.
 */

export type MatchNameKind = 'port' | 'portGroup' | 'addressSet';

export interface MatchName {
  readonly kind: MatchNameKind;
  readonly name: string;
}

type TokenKind = 'string' | 'id' | 'portGroup' | 'addressSet' | 'other';

/** A token, from `start` up to but without `end`. */
interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  /** The token itself; of a string what it says, of a name what follows its sign. */
  readonly text: string;
}

interface PlacedName extends MatchName {
  readonly token: Token;
}

/**
 * The expression with those names replaced for which `rename`, asked for each in the order of their places and as often
 * as it occurs, answers another; all else stays as it is, byte for byte. What is no OVN expression has no names.
 */
export function rewriteMatch(match: string, rename: (name: MatchName) => string | undefined): string {
  let text = '';
  let copied = 0;
  for (const { kind, name, token } of placedNames(match)) {
    const renamed = rename({ kind, name });
    if (renamed === undefined || renamed === name) continue;
    text += match.slice(copied, token.start);
    text += token.kind === 'string' ? JSON.stringify(renamed) : `${match.charAt(token.start)}${renamed}`;
    copied = token.end;
  }
  return text === '' ? match : text + match.slice(copied);
}

/** Without any of these signs there is no name: most expressions need no reading. */
const NAME_SIGN = /["@$]/;

function placedNames(match: string): readonly PlacedName[] {
  if (!NAME_SIGN.test(match)) return [];
  const tokens = tokenize(match);
  if (tokens === undefined) return [];
  const ports = portStrings(tokens);
  return tokens.flatMap((token, at): readonly PlacedName[] => {
    const { kind, text: name } = token;
    if (kind === 'portGroup' || kind === 'addressSet') return [{ kind, name, token }];
    return ports.has(at) ? [{ kind: 'port', name, token }] : [];
  });
}

/** Places of the string tokens that name ports. */
function portStrings(tokens: readonly Token[]): ReadonlySet<number> {
  const found = new Set<number>();
  const isOther = (at: number, ...texts: readonly string[]): boolean =>
    tokens[at]?.kind === 'other' && texts.includes(tokens[at].text);
  /** Takes the string at `at`, or those in the set that begins (step 1) or ends (step -1) there. */
  const take = (at: number, step: 1 | -1): void => {
    if (tokens[at]?.kind === 'string') found.add(at);
    if (!isOther(at, step === 1 ? '{' : '}')) return;
    for (let i = at + step; i >= 0 && i < tokens.length && !isOther(i, '{', '}'); i += step)
      if (tokens[i]?.kind === 'string') found.add(i);
  };
  tokens.forEach(({ kind, text }, at) => {
    if (kind !== 'id') return;
    if (text === 'inport' || text === 'outport') {
      if (isOther(at + 1, '==', '!=')) take(at + 2, 1);
      if (isOther(at - 1, '==', '!=')) take(at - 2, -1);
    } else if (text === 'is_chassis_resident' && isOther(at + 1, '(') && isOther(at + 3, ')')) {
      take(at + 2, 1);
    }
  });
  return found;
}

const SKIPPED = /(?:[ \t\n\r\v\f]|\/\/[^\n]*|\/\*[^\n]*?\*\/)+/y;
const STRING = /"[^"\\]*(?:\\[^][^"\\]*)*"/y;
/** A word, or with its sign an address set (or macro), a port group, or a variable of a chassis template. */
const WORD = /[A-Za-z_][A-Za-z_.0-9]*|[$@][A-Za-z_.][A-Za-z_.0-9]*|\^[A-Za-z_0-9]+/y;
/** What begins a number or an address: a hexadecimal word is one only before a colon. */
const NUMBER_START = /[0-9]|::|[0-9a-fA-F]+:/y;
/** Numbers, IPv4, IPv6 and Ethernet addresses, each perhaps with a mask. A colon after a dot is a port's. */
const NUMBER = /[A-Za-z0-9:]*(?:\.(?!\.)[A-Za-z0-9]*)*/y;
const SIGN = /==|!=|&&|\|\||<=|>=|<->|\.\.|--|[(){}[\]=!<>,;:-]/y;

/** The expression's tokens; undefined where OVN's lexer would find an error. */
function tokenize(match: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  const endOf = (pattern: RegExp, at: number): number => {
    pattern.lastIndex = at;
    return pattern.test(match) ? pattern.lastIndex : at;
  };
  for (
    let start = endOf(SKIPPED, 0);
    start < match.length;
    start = endOf(SKIPPED, tokens.at(-1)?.end ?? match.length)
  ) {
    const token =
      numberAt(match, start, endOf) ??
      wordAt(match, start, endOf(WORD, start)) ??
      stringAt(match, start, endOf(STRING, start)) ??
      otherAt(match, start, endOf(SIGN, start));
    if (token === undefined) return undefined;
    tokens.push(token);
  }
  return tokens;
}

function otherAt(match: string, start: number, end: number): Token | undefined {
  return end === start ? undefined : { kind: 'other', start, end, text: match.slice(start, end) };
}

function numberAt(match: string, start: number, endOf: (pattern: RegExp, at: number) => number): Token | undefined {
  if (endOf(NUMBER_START, start) === start) return undefined;
  const end = endOf(NUMBER, start);
  return otherAt(match, start, match[end] === '/' ? endOf(NUMBER, end + 1) : end);
}

function wordAt(match: string, start: number, end: number): Token | undefined {
  if (end === start) return undefined;
  const sign = match[start];
  if (sign === '^') return otherAt(match, start, end);
  if (sign === '$' || sign === '@')
    return { kind: sign === '@' ? 'portGroup' : 'addressSet', start, end, text: match.slice(start + 1, end) };
  return { kind: 'id', start, end, text: match.slice(start, end) };
}

function stringAt(match: string, start: number, end: number): Token | undefined {
  if (end === start) return undefined;
  const text = unescaped(match.slice(start + 1, end - 1));
  return text === undefined ? undefined : { kind: 'string', start, end, text };
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '\\': '\\',
  '/': '/',
};

/** What a JSON string says, which here may also hold control characters as they are. */
function unescaped(text: string): string | undefined {
  let wrong = false;
  const plain = text.replace(
    /\\(?:u([0-9a-fA-F]{4})|([^]))/g,
    (_whole, code: string | undefined, letter: string | undefined) => {
      const character = code === undefined ? ESCAPES[letter ?? ''] : String.fromCharCode(Number.parseInt(code, 16));
      wrong ||= character === undefined;
      return character ?? '';
    },
  );
  return wrong || !plain.isWellFormed() ? undefined : plain;
}
