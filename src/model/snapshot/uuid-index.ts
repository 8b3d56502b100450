/**
 * Numbers of rows by their UUIDs while rows come and go: 8 to 16 bytes a row. It is kept in parts that grow one by one,
 * so that growing never takes long.
 */
import { UUID_WORDS } from './uuid-words.js';

/** The rows that are indexed: four words of UUID each. */
export interface UuidSource {
  /** Where the words of this row are. */
  wordsOf(row: number): { readonly words: Uint32Array; readonly at: number };
}

const PARTS = 256;
const FIRST_SLOTS = 8;
/** Slots hold the number of a row plus one. */
const FREE = 0;
const REMOVED = 0xffffffff;
/** So that nobody can choose UUIDs which all lead to one place. */
const SEED = Math.floor(Math.random() * 2 ** 32);

interface Part {
  slots: Uint32Array;
  /** Slots that are not free. */
  used: number;
  rows: number;
}

export class UuidIndex {
  private readonly parts: (Part | undefined)[] = [];

  constructor(private readonly source: UuidSource) {}

  /** @param words a UUID, in the first four */
  find(words: Uint32Array): number | undefined {
    const hash = hashOf(words, 0);
    const part = this.parts[hash % PARTS];
    const slot = part === undefined ? undefined : this.slotOf(part, hash, words);
    return slot === undefined ? undefined : (part?.slots[slot] as number) - 1;
  }

  /** Adds a row whose UUID is not here. */
  add(row: number): void {
    const { words, at } = this.source.wordsOf(row);
    const hash = hashOf(words, at);
    const part = (this.parts[hash % PARTS] ??= { slots: new Uint32Array(FIRST_SLOTS), used: 0, rows: 0 });
    if (part.used * 2 >= part.slots.length) this.renew(part);
    insert(part, hash, row);
    part.rows++;
  }

  /** Answers the number of the row that was removed, undefined when there is none. */
  remove(words: Uint32Array): number | undefined {
    const hash = hashOf(words, 0);
    const part = this.parts[hash % PARTS];
    const slot = part === undefined ? undefined : this.slotOf(part, hash, words);
    if (part === undefined || slot === undefined) return undefined;
    const row = (part.slots[slot] as number) - 1;
    part.slots[slot] = REMOVED;
    part.rows--;
    return row;
  }

  private slotOf(part: Part, hash: number, sought: Uint32Array): number | undefined {
    const mask = part.slots.length - 1;
    for (let slot = (hash >>> 8) & mask; ; slot = (slot + 1) & mask) {
      const value = part.slots[slot] as number;
      if (value === FREE) return undefined;
      if (value === REMOVED) continue;
      const { words, at } = this.source.wordsOf(value - 1);
      let word = 0;
      while (word < UUID_WORDS && words[at + word] === sought[word]) word++;
      if (word === UUID_WORDS) return slot;
    }
  }

  /** Gives a part four slots for each row, and forgets the removed ones. */
  private renew(part: Part): void {
    const before = part.slots;
    let length = FIRST_SLOTS;
    while (length < part.rows * 4) length *= 2;
    part.slots = new Uint32Array(length);
    part.used = 0;
    for (const value of before) {
      if (value === FREE || value === REMOVED) continue;
      const { words, at } = this.source.wordsOf(value - 1);
      insert(part, hashOf(words, at), value - 1);
    }
  }
}

function insert(part: Part, hash: number, row: number): void {
  const mask = part.slots.length - 1;
  let slot = (hash >>> 8) & mask;
  while (part.slots[slot] !== FREE) slot = (slot + 1) & mask;
  part.slots[slot] = row + 1;
  part.used++;
}

function hashOf(words: Uint32Array, at: number): number {
  let hash = SEED;
  for (let word = at; word < at + UUID_WORDS; word++) {
    hash = Math.imul(hash ^ (words[word] as number), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
