/** Where the rows of one table are while a database file is replayed: in memory, or on scratch space. */
import type { Breath } from '../../lib/breath.js';
import type { Scratch } from '../../lib/scratch.js';
import { ScratchRows } from '../../model/snapshot/scratch-rows.js';
import { StoredRows } from '../../model/snapshot/stored-rows.js';
import { UuidIndex } from '../../model/snapshot/uuid-index.js';
import { readUuid, UUID_WORDS } from '../../model/snapshot/uuid-words.js';
import type { IncomingRows } from '../content/snapshot-builder.js';

/** Rows that come and go, by their UUIDs. */
export interface ReplayedRows {
  /** Numbers of rows are below this. */
  readonly end: number;
  has(uuid: string): boolean;
  /** The row's number, which it keeps until the next change. */
  find(uuid: string): number | undefined;
  /** The UUID of the row with this number, undefined where one was and is gone. */
  uuid(row: number): string | undefined;
  /** Adds a row that is not here. */
  add(uuid: string, text: string): void;
  /** False when there is no such row. */
  remove(uuid: string): boolean;
  /** Canonical text, valid until the next call. */
  text(uuid: string): Buffer | undefined;
  /**
   * Gives rows that are here new texts, where there is one, and frees what was taken by those that are gone. Rows are
   * as they were while it asks for texts, but for those that it asked for.
   */
  compact(changed: Iterable<readonly [string, () => string | undefined]>, breath: Breath): Promise<IncomingRows>;
}

export function replayedRows(table: string, scratch: Scratch | undefined): ReplayedRows {
  return scratch === undefined ? new MemoryRows(table) : new RowsOnScratch(table, scratch);
}

class MemoryRows implements ReplayedRows {
  private rows: StoredRows;
  /** Every row, and where its bytes are. */
  private places = new Map<string, number>();

  constructor(private readonly table: string) {
    this.rows = new StoredRows(table);
  }

  get end(): number {
    return this.rows.count;
  }

  has(uuid: string): boolean {
    return this.places.has(uuid);
  }

  find(uuid: string): number | undefined {
    return this.places.get(uuid);
  }

  uuid(row: number): string | undefined {
    const uuid = this.rows.uuid(row);
    return this.places.get(uuid) === row ? uuid : undefined;
  }

  add(uuid: string, text: string): void {
    this.places.set(uuid, this.rows.count);
    this.rows.add(uuid, text);
  }

  remove(uuid: string): boolean {
    return this.places.delete(uuid);
  }

  text(uuid: string): Buffer | undefined {
    const place = this.places.get(uuid);
    return place === undefined ? undefined : this.rows.text(place);
  }

  async compact(changed: Iterable<readonly [string, () => string | undefined]>, breath: Breath): Promise<StoredRows> {
    const texts = new Map<string, () => string | undefined>();
    for (const [uuid, text] of changed) {
      texts.set(uuid, text);
      if (breath.due()) await breath.rest();
    }
    if (texts.size === 0 && this.places.size === this.rows.count) return this.rows;
    const rows = new StoredRows(this.table);
    const places = new Map<string, number>();
    for (const [uuid, place] of this.places) {
      places.set(uuid, rows.count);
      rows.add(uuid, texts.get(uuid)?.() ?? this.rows.text(place));
      if (breath.due()) await breath.rest();
    }
    this.rows = rows;
    this.places = places;
    return rows;
  }
}

class RowsOnScratch implements ReplayedRows {
  private readonly rows: ScratchRows;
  private readonly index: UuidIndex;
  /** Numbers of rows that were removed, for those that come. */
  private readonly free: number[] = [];
  private readonly words = new Uint32Array(UUID_WORDS);
  private next = 0;

  constructor(
    table: string,
    private readonly scratch: Scratch,
  ) {
    this.rows = new ScratchRows(table, scratch);
    this.index = new UuidIndex(this.rows);
  }

  get end(): number {
    return this.next;
  }

  has(uuid: string): boolean {
    return this.find(uuid) !== undefined;
  }

  find(uuid: string): number | undefined {
    return readUuid(uuid, this.words) ? this.index.find(this.words) : undefined;
  }

  uuid(row: number): string | undefined {
    return this.rows.isDropped(row) ? undefined : this.rows.uuid(row);
  }

  add(uuid: string, text: string): void {
    let row = this.free.pop();
    if (row === undefined) {
      row = this.next++;
      this.rows.add(uuid, text);
    } else {
      this.rows.reuse(row, uuid, text);
    }
    this.index.add(row);
  }

  remove(uuid: string): boolean {
    const row = readUuid(uuid, this.words) ? this.index.remove(this.words) : undefined;
    if (row === undefined) return false;
    this.rows.drop(row);
    this.free.push(row);
    return true;
  }

  text(uuid: string): Buffer | undefined {
    const row = this.find(uuid);
    return row === undefined ? undefined : this.rows.text(row);
  }

  async compact(changed: Iterable<readonly [string, () => string | undefined]>, breath: Breath): Promise<ScratchRows> {
    for (const [uuid, read] of changed) {
      const row = this.find(uuid);
      const text = row === undefined ? undefined : read();
      if (row !== undefined && text !== undefined) this.rows.replace(row, text);
      await this.scratch.drained();
      if (breath.due()) await breath.rest();
    }
    return this.rows;
  }
}
