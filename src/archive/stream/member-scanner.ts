/**
 * Cuts the members out of a JSON object of any size and any white space, byte by byte as it
 * comes, down to the depth that is asked for. What it cuts out is handed on as bytes for the
 * caller to parse: a whole database never becomes one value.
 */

import { isUtf8 } from 'node:buffer';
import { assert } from '../../lib/assert.js';
import { AppError } from '../../lib/error.js';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../../lib/json-bytes.js';
import { plural } from '../../lib/text/plural.js';
import { GrowingBuffer } from './growing-buffer.js';

/** A row that is longer is refused: nothing in a database is so long, and it would have to be held in memory. */
export const ROW_BYTES_MAX = 64 << 20;
/** The same for what is no row, such as a schema or an archive header: it is parsed in one go. */
export const MEMBER_BYTES_MAX = 4 << 20;
const KEY_BYTES_MAX = 16 << 10;
const PLAIN_BYTES_MAX = 4 << 10;
/**
 * A row is parsed in one go: one of so many values or names would hold everybody up. A table of 300,000 rows takes a
 * third of it.
 */
export const VALUES_MAX = 1_000_000;
const NAMES_MAX = 100_000;
/** No value of a database or a schema is nested a tenth as deep. */
const DEPTH_MAX = 100;

export interface MemberTarget {
  /**
   * True: the member's value is an object, and its members are wanted one by one.
   * @param isObject whether it is one; true for anything else is an error
   */
  descends(path: readonly string[], isObject: boolean): boolean;
  /**
   * True: the member's value is an array whose elements are wanted one by one, under their numbers. Never when this is
   * left out.
   */
  elements?(path: readonly string[]): boolean;
  /** True: the member's value is passed over, whatever its length. Never when this is left out. */
  skips?(path: readonly string[]): boolean;
  /** Bytes that the member's value may have; ROW_BYTES_MAX when this is left out. */
  bytesMax?(path: readonly string[]): number;
  /** What comes is known to be what was once packed: it may hold as many values as it wants. */
  readonly isKnown?: boolean;
  /** A member's value; the bytes are valid UTF-8 and may be kept, but hold a larger block in memory. */
  member(path: readonly string[], value: Buffer): void;
}

type State = 'start' | 'first key' | 'key' | 'colon' | 'first element' | 'value' | 'next' | 'end';
type Capture = 'none' | 'string' | 'nested' | 'plain';

export class MemberScanner {
  private state: State = 'start';
  private readonly path: string[] = [];
  /** The arrays that are open: how long the path is between their elements, and elements so far. */
  private readonly arrays: { readonly depth: number; count: number }[] = [];
  private capture: Capture = 'none';
  private capturesKey = false;
  private readonly captured = new GrowingBuffer();
  private capturedMax = 0;
  private values = 0;
  private names = 0;
  private skipping = false;
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
    if (this.state !== 'end')
      throw new AppError(
        'INTEGRITY_FAILED',
        this.base === 0
          ? `${this.what} is empty. Take another copy of it`
          : `${this.what} is cut: it ends after ${plural(this.base, '# {byte|bytes}')}${this.place()}. Take another ` +
              'copy of it',
      );
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
        if (c !== QUOTE) throw this.malformed(i, "a member's name");
        this.begin('string', true);
        return i;
      case 'colon':
        if (c !== COLON) throw this.malformed(i, 'a colon');
        this.state = 'value';
        return i + 1;
      case 'first element':
        if (c === CLOSE_BRACKET) return this.close(i);
        this.element();
        return i;
      case 'value':
        if (c === OPEN_BRACKET && this.target.elements?.(this.path) === true) {
          this.arrays.push({ depth: this.path.length, count: 0 });
          this.state = 'first element';
          return i + 1;
        }
        if (this.target.descends(this.path, c === OPEN_BRACE)) {
          if (c !== OPEN_BRACE) throw this.malformed(i, 'an object');
          this.state = 'first key';
          return i + 1;
        }
        this.begin(c === QUOTE ? 'string' : c === OPEN_BRACE || c === OPEN_BRACKET ? 'nested' : 'plain', false);
        return i;
      case 'next':
        if (c === (this.isInArray() ? CLOSE_BRACKET : CLOSE_BRACE)) return this.close(i);
        if (c !== COMMA) throw this.malformed(i, `a comma or a closing ${this.isInArray() ? 'bracket' : 'brace'}`);
        if (this.isInArray()) this.element();
        else this.state = 'key';
        return i + 1;
      case 'end':
        throw this.malformed(i, 'nothing more');
    }
  }

  private isInArray(): boolean {
    return this.arrays.length > 0 && this.arrays[this.arrays.length - 1]?.depth === this.path.length;
  }

  private element(): void {
    const array = this.arrays[this.arrays.length - 1];
    assert(array !== undefined, 'an element outside of an array');
    this.path.push(String(array.count++));
    this.state = 'value';
  }

  private close(i: number): number {
    if (this.isInArray()) this.arrays.pop();
    if (this.path.pop() === undefined) this.state = 'end';
    else this.state = 'next';
    return i + 1;
  }

  private begin(capture: Capture, isKey: boolean): void {
    this.capture = capture;
    this.capturesKey = isKey;
    this.skipping = !isKey && this.target.skips?.(this.path) === true;
    this.capturedMax = isKey
      ? KEY_BYTES_MAX
      : capture === 'plain'
        ? PLAIN_BYTES_MAX
        : (this.target.bytesMax?.(this.path) ?? ROW_BYTES_MAX);
    this.depth = 0;
    this.values = 0;
    this.names = 0;
    this.inString = false;
    this.escaped = false;
  }

  /** Goes on capturing a key or value from `start`. Answers the position after what was taken. */
  private captureFrom(chunk: Buffer, start: number): number {
    const end = this.capture === 'plain' ? plainEnd(chunk, start) : this.bracketed(chunk, start);
    if (this.skipping) return this.skipped(chunk, end);
    this.captured.push(chunk.subarray(start, end ?? chunk.length));
    if (this.captured.length > this.capturedMax)
      throw this.excess(`a ${this.capturesKey ? 'name' : 'value'} of more than ${this.capturedMax} bytes`);
    if (this.target.isKnown !== true) {
      if (this.values > VALUES_MAX) throw this.excess(`more than ${VALUES_MAX} values in one`);
      if (this.names > NAMES_MAX) throw this.excess(`more than ${NAMES_MAX} names in one`);
    }
    if (end === undefined) return chunk.length;
    const bytes = this.captured.take();
    this.capture = 'none';
    if (!isUtf8(bytes)) throw this.malformed(end, 'UTF-8 text');
    if (this.capturesKey) this.key(bytes, end);
    else this.value(bytes);
    return end;
  }

  private skipped(chunk: Buffer, end: number | undefined): number {
    if (end === undefined) return chunk.length;
    this.capture = 'none';
    this.path.pop();
    this.state = 'next';
    return end;
  }

  /** Where the string, object or array that is being captured ends; undefined when not in this chunk. */
  private bracketed(chunk: Buffer, start: number): number | undefined {
    let { depth, inString, values, names } = this;
    const depthMax = this.skipping ? Infinity : DEPTH_MAX;
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
        if (++depth > depthMax) throw this.excess(`a value nested more than ${DEPTH_MAX} deep`);
      } else if (c === COMMA) {
        values++;
      } else if (c === COLON) {
        names++;
      } else if ((c === CLOSE_BRACE || c === CLOSE_BRACKET) && --depth === 0) {
        return i + 1;
      }
    }
    // a backslash was the last byte: the next chunk begins with what it escapes
    this.escaped = i > chunk.length;
    this.depth = depth;
    this.values = values;
    this.names = names;
    this.inString = inString;
    return undefined;
  }

  private key(bytes: Buffer, at: number): void {
    let key: unknown;
    try {
      key = JSON.parse(bytes.toString());
    } catch {
      throw this.malformed(at, "a member's name");
    }
    this.path.push(String(key));
    this.state = 'colon';
  }

  private value(bytes: Buffer): void {
    this.target.member(this.path, bytes);
    this.path.pop();
    this.state = 'next';
  }

  private excess(what: string): AppError {
    return new AppError('INTEGRITY_FAILED', `${this.what} holds ${what}${this.place()}: it is no backup`);
  }

  private malformed(at: number, expected: string): AppError {
    return new AppError(
      'INTEGRITY_FAILED',
      `${this.what} is no valid JSON at byte ${this.base + at}${this.place()}: ${expected} was expected. Take ` +
        'another copy of it',
    );
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
