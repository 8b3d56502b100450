/**
 * Rows of one table whose texts are on scratch space: 24 bytes of memory a row, 28 where they did not come in the order
 * of their UUIDs. For archives that only have to be passed over: what is found and read here costs more time than in
 * StoredRows.
 */
import { assert } from '../../lib/assert.js';
import { Breath } from '../../lib/breath.js';
import type { Scratch } from '../../lib/scratch.js';
import { parseRow, type Row } from '../row/row.js';
import type { TableRows } from './snapshot.js';
import type { UuidSource } from './uuid-index.js';
import { readUuid, UUID_WORDS, writeUuid } from './uuid-words.js';

/** Words of a row: its UUID, then where its text is, then the bytes of that. */
const PLACE = UUID_WORDS;
const LENGTH = UUID_WORDS + 1;
const ROW_WORDS = UUID_WORDS + 2;
/** Scratch space places bytes at multiples of this, so that one word tells places up to 32 GiB. */
const PLACE_BYTES = 8;
const PLACES_MAX = 2 ** 32;
/** In the place of the length of a row that was dropped. */
const DROPPED = 0xffffffff;

/** Rows are kept in segments, so that one more never copies all: the first grows up to this, the others have it. */
const SEGMENT_BITS = 14;
const SEGMENT_ROWS = 1 << SEGMENT_BITS;
const FIRST_ROWS = 4;

/** Fewer are sorted by comparing them. */
const COMPARED_MAX = 2_000;
/** The index leads to about so many rows. */
const ROWS_TO_ENTRY = 8;

export class ScratchRows implements TableRows, UuidSource {
  private readonly segments: Uint32Array[] = [];
  private rows = 0;
  private dropped = 0;
  private isInOrder = true;
  private twice: string | undefined;
  private sealed = false;
  /** Numbers in order -> numbers as they came, where the two differ. */
  private order: Uint32Array | undefined;
  /** High bits of a UUID -> number of the first row that has them, or more. */
  private starts = new Uint32Array(2);
  private shift = 32;
  private readonly words = new Uint32Array(UUID_WORDS);

  constructor(
    readonly table: string,
    private readonly scratch: Scratch,
  ) {}

  get count(): number {
    return this.rows - this.dropped;
  }

  /** Takes a row; await the scratch space's `drained` now and then. @throws AppError STORE_FULL, STORE_UNAVAILABLE */
  add(uuid: string, text: Buffer | string): void {
    assert(!this.sealed, 'a row was added to sealed rows');
    const { words } = this;
    assert(readUuid(uuid, words), 'a row was added under a text that is no UUID');
    if (this.rows > 0) {
      const order = this.compare(this.rows - 1);
      if (order >= 0) this.isInOrder = false;
    }
    const segment = this.segmentFor(this.rows);
    const at = (this.rows % SEGMENT_ROWS) * ROW_WORDS;
    segment.set(words, at);
    this.place(segment, at, text);
    this.rows++;
  }

  /** Puts a row where one was dropped. @throws AppError STORE_FULL, STORE_UNAVAILABLE */
  reuse(row: number, uuid: string, text: Buffer | string): void {
    const { words, at } = this.wordsOf(row);
    assert(!this.sealed && words[at + LENGTH] === DROPPED, 'a row was put where another one is');
    assert(readUuid(uuid, this.words), 'a row was added under a text that is no UUID');
    words.set(this.words, at);
    this.place(words, at, text);
    this.dropped--;
    this.isInOrder = false;
  }

  /** Takes a row out, before the rows are sealed. The numbers of the others stay as they are until then. */
  drop(row: number): void {
    const { words, at } = this.wordsOf(row);
    assert(!this.sealed && words[at + LENGTH] !== DROPPED, 'a row was dropped that is not here');
    words[at + LENGTH] = DROPPED;
    this.dropped++;
  }

  /** Whether a row was taken out, by its number as it came. */
  isDropped(row: number): boolean {
    const { words, at } = this.wordsOf(row);
    return words[at + LENGTH] === DROPPED;
  }

  /** Where the UUID of a row is, by its number as it came. */
  wordsOf(row: number): { readonly words: Uint32Array; readonly at: number } {
    return { words: this.segmentOf(row), at: (row % SEGMENT_ROWS) * ROW_WORDS };
  }

  /**
   * Gives a row, by its number as it came, another text, before the rows are sealed.
   * @throws AppError STORE_FULL, STORE_UNAVAILABLE
   */
  replace(row: number, text: Buffer | string): void {
    assert(!this.sealed, 'a row of sealed rows was replaced');
    const { words, at } = this.wordsOf(row);
    this.place(words, at, text);
  }

  /** Sorts by UUID and makes rows findable, in slices. Answers the first UUID that occurs twice, if any. */
  async seal(): Promise<string | undefined> {
    assert(!this.sealed, 'rows were sealed twice');
    const breath = new Breath(6, 1_024);
    if (!this.isInOrder || this.dropped > 0) this.order = await this.sorted(breath);
    this.sealed = true;
    const bits = Math.max(0, Math.ceil(Math.log2(Math.max(1, this.count / ROWS_TO_ENTRY))));
    this.shift = 32 - bits;
    this.starts = new Uint32Array(2 ** bits + 1);
    let filled = 0;
    for (let i = 0; i < this.count; i++) {
      const at = this.at(i);
      const segment = this.segmentOf(at);
      const word = (at % SEGMENT_ROWS) * ROW_WORDS;
      for (const entry = this.entryOf(segment[word] as number); filled <= entry; filled++) this.starts[filled] = i;
      if (i > 0 && !this.isInOrder && this.twice === undefined) {
        this.words.set(segment.subarray(word, word + UUID_WORDS));
        if (this.compare(this.at(i - 1)) === 0) this.twice = this.uuid(i);
      }
      if (breath.due()) await breath.rest();
    }
    this.starts.fill(this.count, filled);
    return this.twice;
  }

  uuid(index: number): string {
    const at = this.at(index);
    return writeUuid(this.segmentOf(at), (at % SEGMENT_ROWS) * ROW_WORDS);
  }

  find(uuid: string): number | undefined {
    assert(this.sealed, 'rows were searched before they were sealed');
    if (!readUuid(uuid, this.words)) return undefined;
    const entry = this.entryOf(this.words[0] as number);
    let low = this.starts[entry] as number;
    let high = this.starts[entry + 1] as number;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.compare(this.at(middle));
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  text(index: number): Buffer {
    const at = this.at(index);
    const segment = this.segmentOf(at);
    const word = (at % SEGMENT_ROWS) * ROW_WORDS;
    return this.scratch.read((segment[word + PLACE] as number) * PLACE_BYTES, segment[word + LENGTH] as number);
  }

  row(index: number): Row {
    return parseRow(this.text(index).toString());
  }

  /** Number of a row as it came. */
  private at(index: number): number {
    assert(index >= 0 && index < (this.order?.length ?? this.rows), `${this.table} has no row number ${index}`);
    return this.order?.[index] ?? index;
  }

  private segmentOf(at: number): Uint32Array {
    return this.segments[at >>> SEGMENT_BITS] as Uint32Array;
  }

  /** Bits of a UUID's first word that lead into `starts`. Shifting by 32 would shift by none. */
  private entryOf(word: number): number {
    return this.shift === 32 ? 0 : word >>> this.shift;
  }

  private place(segment: Uint32Array, at: number, text: Buffer | string): void {
    const place = this.scratch.append(text) / PLACE_BYTES;
    assert(Number.isInteger(place) && place < PLACES_MAX, 'scratch space has grown past what its places can tell');
    segment[at + PLACE] = place;
    segment[at + LENGTH] = typeof text === 'string' ? Buffer.byteLength(text) : text.length;
  }

  /** The segment with room for one more row. */
  private segmentFor(row: number): Uint32Array {
    const number = row >>> SEGMENT_BITS;
    let segment = this.segments[number];
    if (segment === undefined) {
      // small tables get little, so that a hundred thousand of them cost little
      segment = new Uint32Array((number === 0 ? FIRST_ROWS : SEGMENT_ROWS) * ROW_WORDS);
      this.segments.push(segment);
    } else if ((row % SEGMENT_ROWS) * ROW_WORDS === segment.length) {
      const larger = new Uint32Array(Math.min(segment.length * 4, SEGMENT_ROWS * ROW_WORDS));
      larger.set(segment);
      segment = larger;
      this.segments[number] = segment;
    }
    return segment;
  }

  /** The row at this place against the UUID in `words`: less than, equal to or greater than 0. */
  private compare(at: number): number {
    const segment = this.segmentOf(at);
    const word = (at % SEGMENT_ROWS) * ROW_WORDS;
    for (let i = 0; i < UUID_WORDS; i++) {
      const difference = (segment[word + i] as number) - (this.words[i] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** Numbers of the rows in the order of UUIDs; equal ones as they came. */
  private async sorted(breath: Breath): Promise<Uint32Array> {
    const { count } = this;
    let order = new Uint32Array(count);
    let live = 0;
    for (let row = 0; row < this.rows; row++) {
      if (this.segmentOf(row)[(row % SEGMENT_ROWS) * ROW_WORDS + LENGTH] !== DROPPED) order[live++] = row;
      if (breath.due()) await breath.rest();
    }
    if (this.isInOrder) return order;
    if (count <= COMPARED_MAX) {
      return order.sort((a, b) => {
        const { words, at } = this.wordsOf(b);
        for (let word = 0; word < UUID_WORDS; word++) this.words[word] = words[at + word] as number;
        return this.compare(a) || a - b;
      });
    }
    // by sixteen bits at a time, from the last ones to the first: takes no longer whatever the UUIDs are
    let other = new Uint32Array(count);
    const ends = new Uint32Array(1 << 16);
    for (let digit = UUID_WORDS * 2 - 1; digit >= 0; digit--) {
      const word = digit >>> 1;
      const shift = (digit & 1) === 1 ? 0 : 16;
      const digitOf = (at: number): number =>
        ((this.segmentOf(at)[(at % SEGMENT_ROWS) * ROW_WORDS + word] as number) >>> shift) & 0xffff;
      ends.fill(0);
      for (let i = 0; i < count; i++) {
        const value = digitOf(order[i] as number);
        ends[value] = (ends[value] as number) + 1;
        if (breath.due()) await breath.rest();
      }
      if (ends.includes(count)) continue;
      for (let value = 1; value <= 0xffff; value++) ends[value] = (ends[value] as number) + (ends[value - 1] as number);
      for (let i = count - 1; i >= 0; i--) {
        const at = order[i] as number;
        const value = digitOf(at);
        const end = (ends[value] as number) - 1;
        ends[value] = end;
        other[end] = at;
        if (breath.due()) await breath.rest();
      }
      [order, other] = [other, order];
    }
    return order;
  }
}
