/**
 * Cuts the members out of a JSON object of any size and any white space, byte by byte as it
 * comes, down to the depth that is asked for. What it cuts out is handed on as bytes for the
 * caller to parse: a whole database never becomes one value.
 */
import { isUtf8 } from 'node:buffer';
import { AppError } from '../lib/error.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** A member that is longer is refused: nothing in a database is so long, and it would have to be held in memory. */
const MEMBER_BYTES_MAX = 64 << 20;

export interface MemberTarget {
  /** True: the member's value is an object, and its members are wanted one by one. */
  descends(path: readonly string[]): boolean;
  /** A member's value; the bytes are valid UTF-8 and may be kept, but hold a larger block in memory. */
  member(path: readonly string[], value: Buffer): void;
}

type State = 'start' | 'first key' | 'key' | 'colon' | 'value' | 'next' | 'end';
type Capture = 'none' | 'string' | 'nested' | 'plain';

export class MemberScanner {
  private state: State = 'start';
  private readonly path: string[] = [];
  private capture: Capture = 'none';
  private capturesKey = false;
  private pieces: Buffer[] = [];
  private captured = 0;
  private depth = 0;
  private inString = false;
  private escaped = false;
  private base = 0;

  /** @param what names the object in messages, e.g. "The document" */
  constructor(
    private readonly target: MemberTarget,
    private readonly what: string,
  ) {}

  /** How many objects are open around the next key, when a key is what comes next; 0 otherwise. */
  get depthOfNextKey(): number {
    return this.state === 'first key' || this.state === 'key' ? this.path.length + 1 : 0;
  }

  /** The members around the next key. */
  get around(): readonly string[] {
    return this.path;
  }

  /** The caller itself took the next member, of `bytes` bytes with white space and the comma after it, if any. */
  passed(bytes: number, comma: boolean): void {
    this.base += bytes;
    this.state = comma ? 'key' : 'next';
  }

  /** Takes the next bytes. @throws AppError INTEGRITY_FAILED on what is no JSON object; and what the target throws */
  push(chunk: Buffer): void {
    let i = 0;
    while (i < chunk.length) {
      if (this.capture !== 'none') {
        i = this.captureFrom(chunk, i);
        continue;
      }
      const c = chunk[i] as number;
      if (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) {
        i++;
        continue;
      }
      i = this.step(c, i);
    }
    this.base += chunk.length;
  }

  /** Call after the last bytes. @throws AppError INTEGRITY_FAILED when the object is not whole */
  end(): void {
    if (this.state !== 'end') throw new AppError('INTEGRITY_FAILED', `${this.what} is cut: it ends after ${String(this.base)} bytes${this.place()}. Take another copy of it`);
  }

  /** One byte outside of keys and values. Answers the position to go on from. */
  private step(c: number, i: number): number {
    switch (this.state) {
      case 'start':
        if (c !== OPEN_BRACE) throw this.malformed(i, 'an object');
        this.state = 'first key';
        return i + 1;
      case 'first key':
      case 'key':
        if (c === CLOSE_BRACE && this.state === 'first key') return this.close(i);
        if (c !== QUOTE) throw this.malformed(i, 'a member\'s name');
        this.begin('string', true);
        return i;
      case 'colon':
        if (c !== COLON) throw this.malformed(i, 'a colon');
        this.state = 'value';
        return i + 1;
      case 'value':
        if (this.target.descends(this.path)) {
          if (c !== OPEN_BRACE) throw this.malformed(i, 'an object');
          this.state = 'first key';
          return i + 1;
        }
        this.begin(c === QUOTE ? 'string' : c === OPEN_BRACE || c === OPEN_BRACKET ? 'nested' : 'plain', false);
        return i;
      case 'next':
        if (c === CLOSE_BRACE) return this.close(i);
        if (c !== COMMA) throw this.malformed(i, 'a comma or a closing brace');
        this.state = 'key';
        return i + 1;
      case 'end':
        throw this.malformed(i, 'nothing more');
    }
  }

  private close(i: number): number {
    if (this.path.pop() === undefined) this.state = 'end';
    else this.state = 'next';
    return i + 1;
  }

  private begin(capture: Capture, isKey: boolean): void {
    this.capture = capture;
    this.capturesKey = isKey;
    this.depth = 0;
    this.inString = false;
    this.escaped = false;
  }

  /** Goes on capturing a key or value from `start`. Answers the position after what was taken. */
  private captureFrom(chunk: Buffer, start: number): number {
    const end = this.capture === 'plain' ? plainEnd(chunk, start) : this.bracketed(chunk, start);
    const piece = chunk.subarray(start, end ?? chunk.length);
    this.captured += piece.length;
    if (this.captured > MEMBER_BYTES_MAX) throw new AppError('INTEGRITY_FAILED', `${this.what} holds a value of more than ${String(MEMBER_BYTES_MAX)} bytes${this.place()}: it is no backup`);
    this.pieces.push(piece);
    if (end === undefined) return chunk.length;
    const bytes = this.pieces.length === 1 ? piece : Buffer.concat(this.pieces, this.captured);
    this.pieces = [];
    this.captured = 0;
    this.capture = 'none';
    if (!isUtf8(bytes)) throw this.malformed(end, 'UTF-8 text');
    if (this.capturesKey) this.key(bytes, end);
    else this.value(bytes);
    return end;
  }

  /** Where the string, object or array that is being captured ends; undefined when not in this chunk. */
  private bracketed(chunk: Buffer, start: number): number | undefined {
    let { depth, inString } = this;
    let i = start;
    if (this.escaped) {
      this.escaped = false;
      i++;
    }
    for (; i < chunk.length; i++) {
      const c = chunk[i] as number;
      if (inString) {
        if (c === BACKSLASH) i++;
        else if (c === QUOTE) {
          inString = false;
          if (depth === 0) return i + 1;
        }
      } else if (c === QUOTE) {
        inString = true;
      } else if (c === OPEN_BRACE || c === OPEN_BRACKET) {
        depth++;
      } else if ((c === CLOSE_BRACE || c === CLOSE_BRACKET) && --depth === 0) {
        return i + 1;
      }
    }
    // a backslash was the last byte: the next chunk begins with what it escapes
    this.escaped = i > chunk.length;
    this.depth = depth;
    this.inString = inString;
    return undefined;
  }

  private key(bytes: Buffer, at: number): void {
    let key: unknown;
    try {
      key = JSON.parse(bytes.toString());
    } catch {
      throw this.malformed(at, 'a member\'s name');
    }
    this.path.push(String(key));
    this.state = 'colon';
  }

  private value(bytes: Buffer): void {
    this.target.member(this.path, bytes);
    this.path.pop();
    this.state = 'next';
  }

  private malformed(at: number, expected: string): AppError {
    return new AppError('INTEGRITY_FAILED', `${this.what} is no valid JSON at byte ${String(this.base + at)}${this.place()}: ${expected} was expected. Take another copy of it`);
  }

  private place(): string {
    return this.path.length === 0 ? '' : `, in ${this.path.join(' / ').slice(0, 200)}`;
  }
}

/** A number, true, false or null ends at the next delimiter. */
function plainEnd(chunk: Buffer, start: number): number | undefined {
  for (let i = start; i < chunk.length; i++) {
    const c = chunk[i] as number;
    if (c === COMMA || c === CLOSE_BRACE || c === CLOSE_BRACKET || c <= 0x20) return i;
  }
  return undefined;
}
