/**
 * Rows that must not be there side by side: two with one key of an index, more than a table has room for, two with one
 * UUID. ovsdb-server refuses the first two. It takes one UUID in two tables, but no database gets there by itself, and
 * whoever knows a row by its UUID would mix the two up. A few bytes are held for each row.
 */
import type { Breath } from '../../lib/breath.js';
import { plural } from '../../lib/text/plural.js';
import { type Json, stringifyJson } from '../../ovsdb/json.js';
import type { Row } from '../row/row.js';
import type { Snapshot, TableRows } from './snapshot.js';
import { UuidIndex } from './uuid-index.js';
import { readUuid, UUID_WORDS } from './uuid-words.js';

const KEY_CHARACTERS_SHOWN = 100;

/** Each in a sentence that names two rows. */
export async function* repeatedRows(snapshot: Snapshot, breath: Breath): AsyncGenerator<string> {
  for (const rows of snapshot.tables.values()) {
    const table = snapshot.schema.tables.get(rows.table);
    if (table === undefined) continue;
    if (rows.count > table.maxRows)
      yield plural(table.maxRows, `${table.name} has room for # {row|rows}, and ${rows.count} are here, such as `) +
        `${rows.uuid(0)} and ${rows.uuid(table.maxRows)}. Remove what is too many`;
    for (const columns of table.indexes) yield* repeatedKeys(rows, columns, breath);
  }
  yield* repeatedUuids([...snapshot.tables.values()], breath);
}

const keyText = (columns: readonly string[], row: Row): string =>
  stringifyJson(columns.map((column): Json => (row[column] ?? null) as Json));

async function* repeatedKeys(rows: TableRows, columns: readonly string[], breath: Breath): AsyncGenerator<string> {
  if (rows.count < 2) return;
  const keyOf = (index: number): string => keyText(columns, rows.row(index));
  const known = new KnownKeys(rows.count, keyOf);
  for (let i = 0; i < rows.count; i++) {
    const key = keyOf(i);
    const first = known.add(i, key);
    if (first !== undefined)
      yield `${rows.table} ${rows.uuid(first)} and ${rows.uuid(i)} have the same ${columns.join(' and ')} ` +
        `${key.slice(0, KEY_CHARACTERS_SHOWN)}, which only one row can have. Change or remove one`;
    if (breath.due()) await breath.rest();
  }
}

/** So that nobody can choose keys whose hashes are all the same. */
const SEED = Math.floor(Math.random() * 2 ** 32);

function hashOf(key: string): number {
  let hash = SEED;
  for (let i = 0; i < key.length; i++) {
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Which row has which key: keys are looked up again, and only their hashes kept. */
class KnownKeys {
  /** Numbers of rows plus one, from where their hashes say. */
  private readonly slots: Uint32Array;
  private readonly hashes: Uint32Array;

  constructor(
    rows: number,
    private readonly keyOf: (row: number) => string,
  ) {
    this.slots = new Uint32Array(2 ** Math.ceil(Math.log2(rows * 2)));
    this.hashes = new Uint32Array(rows);
  }

  /** Answers the row that has the key already. */
  add(row: number, key: string): number | undefined {
    const hash = hashOf(key);
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (let held = this.slots[slot] as number; held !== 0; held = this.slots[slot] as number) {
      if (this.hashes[held - 1] === hash && this.keyOf(held - 1) === key) return held - 1;
      slot = (slot + 1) & mask;
    }
    this.slots[slot] = row + 1;
    this.hashes[row] = hash;
    return undefined;
  }
}

async function* repeatedUuids(tables: readonly TableRows[], breath: Breath): AsyncGenerator<string> {
  const words = new Uint32Array(UUID_WORDS);
  /** Table and number of each row that was seen, by the order in which they came. */
  const seen = new RowPlaces(tables);
  const index = new UuidIndex(seen);
  let next = 0;
  for (const rows of tables) {
    for (let i = 0; i < rows.count; i++, next++) {
      const uuid = rows.uuid(i);
      readUuid(uuid, words);
      const first = index.find(words);
      if (first === undefined) index.add(next);
      else yield `${seen.tableOf(first)} and ${rows.table} both have a row ${uuid}. Change or remove one`;
      if (breath.due()) await breath.rest();
    }
  }
}

/** The rows of several tables under one count. */
class RowPlaces {
  private readonly starts: readonly number[];
  private readonly words = new Uint32Array(UUID_WORDS);

  constructor(private readonly tables: readonly TableRows[]) {
    let start = 0;
    this.starts = tables.map(({ count }) => (start += count) - count);
  }

  wordsOf(row: number): { readonly words: Uint32Array; readonly at: number } {
    const table = this.place(row);
    readUuid((this.tables[table] as TableRows).uuid(row - (this.starts[table] as number)), this.words);
    return { words: this.words, at: 0 };
  }

  tableOf(row: number): string {
    return (this.tables[this.place(row)] as TableRows).table;
  }

  private place(row: number): number {
    return this.starts.findLastIndex((start) => start <= row);
  }
}
