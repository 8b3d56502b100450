/**
 * The JSON form of an import, {"format", "data", ...}, read as a stream: "data" holds a whole document as one
 * string, which may be longer than a string can be here. Its text comes out unescaped, in pieces; the other members are
 * small and are kept.
 *
 * A reader of its own, because the others hold a member whole before they hand it on: the archive's member scanner up
 * to 64 MiB, JSON.parse up to what fits into one string. A document may be of any size, so here no member is held.
 */

import { AppError } from '../../../lib/error.js';
import { BACKSLASH, QUOTE } from '../../../lib/json-bytes.js';

/** Of all members but "data", names included. */
const MEMBER_BYTES_MAX = 1024 * 1024;
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const ESCAPES: Readonly<Partial<Record<string, number>>> = {
  '"': 0x22,
  '\\': 0x5c,
  '/': 0x2f,
  b: 0x08,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
};

type State = 'OPEN' | 'KEY' | 'COLON' | 'VALUE' | 'MEMBER' | 'TEXT' | 'ESCAPE' | 'UNICODE' | 'COMMA' | 'END';

export class JsonForm {
  private state: State = 'OPEN';
  private readonly members = new Map<string, unknown>();
  private readonly keys = new Set<string>();
  private key = '';
  /** Bytes of the key or the value that is being read. */
  private held: number[] = [];
  private kept = 0;
  /** Where the value stands that is being kept: depth, in a string, after a backslash. */
  private depth = 0;
  private inString = false;
  private escaped = false;
  private unicode = '';
  /** The first half of a surrogate pair. */
  private high = 0;
  private position = 0;

  /** Reads on. @returns what came of "data", as UTF-8 @throws AppError BAD_USER_INPUT that names the byte; TOO_LARGE */
  push(chunk: Buffer): Buffer {
    // nothing gets longer by being unescaped, but what an earlier chunk began may end in this one
    const out = Buffer.allocUnsafe(chunk.length + 8);
    let length = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (this.state === 'TEXT' && this.high === 0) {
        const from = at;
        // nearly all of the bytes: plain ones, and escaped quotes
        for (; at < chunk.length; at++) {
          const byte = chunk[at] as number;
          if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) out[length++] = byte;
          else if (byte === BACKSLASH && chunk[at + 1] === QUOTE) out[length++] = chunk[++at] as number;
          else break;
        }
        this.position += at - from;
        if (at >= chunk.length) break;
      }
      length = this.take(chunk[at] as number, out, length);
      this.position++;
    }
    return out.subarray(0, length);
  }

  /** @returns the members but "data" @throws AppError BAD_USER_INPUT when the body is cut or has no "data" */
  end(): Readonly<Record<string, unknown>> {
    if (this.state !== 'END') throw this.malformed('it ends too early');
    if (!this.keys.has('data')) throw new AppError('BAD_USER_INPUT', 'data: is needed, the document as a string');
    return Object.fromEntries(this.members);
  }

  private take(byte: number, out: Buffer, length: number): number {
    switch (this.state) {
      case 'TEXT':
        return this.textByte(byte, length);
      case 'ESCAPE':
        return this.escape(byte, out, length);
      case 'UNICODE':
        return this.codeUnit(byte, out, length);
      default:
        this.structure(byte);
        return length;
    }
  }

  private structure(byte: number): void {
    if (this.state === 'MEMBER') return this.memberByte(byte);
    if (this.state === 'KEY' && this.inString) return this.keyByte(byte);
    if (SPACES.has(byte)) return;
    const sign = String.fromCharCode(byte);
    if (this.state === 'OPEN' && sign === '{') this.state = 'KEY';
    else if (this.state === 'KEY' && sign === '"') this.inString = true;
    else if (this.state === 'KEY' && sign === '}' && this.keys.size === 0) this.state = 'END';
    else if (this.state === 'COLON' && sign === ':') this.state = 'VALUE';
    else if (this.state === 'VALUE') this.beginValue(byte);
    else if (this.state === 'COMMA' && sign === ',') this.state = 'KEY';
    else if (this.state === 'COMMA' && sign === '}') this.state = 'END';
    else throw this.malformed('it is no JSON object there');
  }

  private keyByte(byte: number): void {
    if (byte === QUOTE && !this.escaped) {
      this.inString = false;
      this.key = String(this.parsed(`"${Buffer.from(this.held).toString()}"`, 'member name'));
      this.held = [];
      if (this.keys.has(this.key)) throw new AppError('BAD_USER_INPUT', `${this.key.slice(0, 100)}: is there twice`);
      this.keys.add(this.key);
      this.state = 'COLON';
      return;
    }
    this.escaped = byte === BACKSLASH && !this.escaped;
    this.keep(byte);
  }

  private beginValue(byte: number): void {
    if (this.key === 'data' && byte === QUOTE) this.state = 'TEXT';
    else if (this.key === 'data') throw new AppError('BAD_USER_INPUT', 'data: takes the document as a string');
    else {
      this.depth = 0;
      this.inString = false;
      this.state = 'MEMBER';
      this.memberByte(byte);
    }
  }

  /**
   * A value that is kept: it ends with its last bracket or quote, or, a number or a word, before a comma or a bracket.
   */
  private memberByte(byte: number): void {
    const sign = String.fromCharCode(byte);
    if (this.depth === 0 && !this.inString && this.held.length > 0 && (sign === ',' || sign === '}')) {
      this.keepMember();
      this.state = 'COMMA';
      this.structure(byte);
      return;
    }
    this.keep(byte);
    const isWhole = this.passed(byte);
    if (isWhole && (sign === '"' || sign === '}' || sign === ']')) {
      this.keepMember();
      this.state = 'COMMA';
    }
  }

  /** Follows strings and brackets. @returns whether a value may end here */
  private passed(byte: number): boolean {
    if (this.inString) {
      if (byte === QUOTE && !this.escaped) this.inString = false;
      this.escaped = byte === BACKSLASH && !this.escaped;
    } else if (byte === QUOTE) this.inString = true;
    else if (byte === 0x7b || byte === 0x5b) this.depth++;
    else if (byte === 0x7d || byte === 0x5d) this.depth--;
    return this.depth === 0 && !this.inString;
  }

  private keepMember(): void {
    this.members.set(this.key, this.parsed(Buffer.from(this.held).toString(), `"${this.key.slice(0, 100)}"`));
    this.held = [];
  }

  private keep(byte: number): void {
    this.held.push(byte);
    if (++this.kept > MEMBER_BYTES_MAX)
      throw new AppError('TOO_LARGE', `The body's members beside "data" are larger than ${MEMBER_BYTES_MAX} bytes`);
  }

  private parsed(text: string, what: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      // the parser's own message quotes the text, which may be a key
      throw new AppError('BAD_USER_INPUT', `The body's ${what} is no valid JSON (before byte ${this.position})`, {
        cause: new Error((error as Error).name),
      });
    }
  }

  private textByte(byte: number, length: number): number {
    if (byte === BACKSLASH) this.state = 'ESCAPE';
    else if (this.high !== 0) throw this.malformed('half of a surrogate pair stands alone');
    else if (byte === QUOTE) this.state = 'COMMA';
    else throw this.malformed('a control character is not escaped');
    return length;
  }

  private escape(byte: number, out: Buffer, length: number): number {
    const sign = String.fromCharCode(byte);
    if (sign === 'u') {
      this.unicode = '';
      this.state = 'UNICODE';
      return length;
    }
    const meant = ESCAPES[sign];
    if (meant === undefined) throw this.malformed('an escape is none of JSON');
    if (this.high !== 0) throw this.malformed('half of a surrogate pair stands alone');
    this.state = 'TEXT';
    out[length] = meant;
    return length + 1;
  }

  private codeUnit(byte: number, out: Buffer, length: number): number {
    this.unicode += String.fromCharCode(byte);
    if (!/^[0-9A-Fa-f]+$/.test(this.unicode)) throw this.malformed('an escape is none of JSON');
    if (this.unicode.length < 4) return length;
    const unit = Number.parseInt(this.unicode, 16);
    this.state = 'TEXT';
    const isLow = unit >= 0xdc00 && unit <= 0xdfff;
    if (isLow !== (this.high !== 0)) throw this.malformed('half of a surrogate pair stands alone');
    if (unit >= 0xd800 && unit <= 0xdbff) {
      this.high = unit;
      return length;
    }
    const text = isLow ? String.fromCharCode(this.high, unit) : String.fromCharCode(unit);
    this.high = 0;
    return length + out.write(text, length);
  }

  private malformed(what: string): AppError {
    return new AppError('BAD_USER_INPUT', `The body is malformed at byte ${this.position}: ${what}`);
  }
}
