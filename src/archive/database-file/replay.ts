/**
 * Replaying the transactions of a database file: the state of all tables after each of them.
 *
 * A transaction holds table -> UUID -> columns, or null for a deleted row. With
 * `_is_diff` (OVS 2.15 and newer) columns of sets and maps hold the difference to what was there.
 * Only the results of transactions are logged: weak references and garbage need no replay.
 */
import { assert } from '../../lib/assert.js';
import { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { DatabaseSchema } from '../../ovsdb/database-schema.js';
import type { Json } from '../../ovsdb/json.js';
import type { Reading } from '../content/content.js';
import { checkRowCount, checkUuid, readJson, SnapshotBuilder } from '../content/snapshot-builder.js';
import { MEMBER_BYTES_MAX, type MemberTarget, ROW_BYTES_MAX } from '../stream/member-scanner.js';
import { convertTables } from './conversion.js';
import { ReplayedTable } from './replayed-table.js';
import { TransactionChanges } from './transaction-changes.js';

/** Rows that are being changed are held as objects: with more bytes of them, they are turned back into text. */
const HELD_BYTES_MAX = 48 << 20;
/** What an object costs besides the bytes of its text. */
const HELD_ROW_BYTES = 1 << 10;
/** Texts of rows that are gone are given back when they have more bytes than this and half of those that are there. */
const GONE_BYTES_MAX = 32 << 20;
/** Each takes all rows; a log has those since its last snapshot. */
const CONVERSIONS_MAX = 100;

/** Takes the members of one transaction after the other: `begin`, the members, then `commit` or `abort`. */
export class Replay implements MemberTarget {
  /** What the client said of the transaction. */
  comment: string | undefined;
  private tables = new Map<string, ReplayedTable>();
  /**
   * Changes of the transaction, kept until it is known whether they are differences; all of it, where it may not come
   * whole.
   */
  private changes: TransactionChanges<ReplayedTable>;
  private readonly breath = new Breath();
  private isDiff = false;
  private mayEndEarly = false;
  private heldRows = 0;
  private heldBytes = 0;
  private changeBytes = 0;
  private insertedBytes = 0;
  private rows = 0;
  private goneBytes = 0;
  private conversions = 0;

  constructor(
    private builder: SnapshotBuilder,
    private readonly reading: Reading,
  ) {
    this.changes = new TransactionChanges(reading.scratch);
  }

  get schemaName(): string {
    return this.builder.schema.name;
  }

  /** @param mayEndEarly whether `abort` may follow */
  begin(mayEndEarly: boolean): void {
    this.comment = undefined;
    this.isDiff = false;
    this.mayEndEarly = mayEndEarly;
  }

  descends(path: readonly string[]): boolean {
    return path.length === 1 && path[0]?.startsWith('_') !== true;
  }

  bytesMax(path: readonly string[]): number {
    return path.length === 1 ? MEMBER_BYTES_MAX : ROW_BYTES_MAX;
  }

  member(path: readonly string[], value: Buffer): void {
    const [name = '', uuid] = path;
    if (uuid !== undefined) {
      this.row(this.table(name), uuid, value);
      return;
    }
    const json = readJson(value.toString(), `"${name.slice(0, 100)}"`);
    if (name === '_is_diff') this.isDiff = json === true;
    if (name === '_comment' && typeof json === 'string') this.comment = json;
  }

  /** Applies what the transaction changed, once all of it was read. */
  async commit(): Promise<void> {
    for (const { table, uuid, text } of this.changes.drain()) {
      const json = readJson(text, `row ${uuid}`);
      if (json === null) this.remove(table, uuid);
      else if (table.has(uuid)) this.hold(table.change(uuid, json, this.isDiff), text.length);
      else this.insert(table, uuid, json);
      if (this.isCrowded) await this.compact();
      await this.reading.scratch?.drained();
      if (this.breath.due()) await this.breath.rest();
    }
    if (this.goneBytes > GONE_BYTES_MAX + (this.insertedBytes - this.goneBytes) / 2) await this.compact();
  }

  /** Drops a transaction of which not everything came. */
  abort(): void {
    assert(this.mayEndEarly, 'a transaction ended early that was not expected to');
    this.changes = new TransactionChanges(this.reading.scratch);
  }

  /**
   * Gives the database another schema, and its rows what they are in that.
   * @throws AppError INTEGRITY_FAILED for a row that does not fit; TOO_LARGE
   */
  async convert(schema: DatabaseSchema): Promise<void> {
    if (++this.conversions > CONVERSIONS_MAX)
      throw new AppError(
        'TOO_LARGE',
        `The database file converts its rows to another schema more than ${CONVERSIONS_MAX} times. Compact the ` +
          'database first (ovs-appctl ovsdb-server/compact)',
      );
    this.tables = await convertTables(this.tables, schema, this.reading.goOn);
    this.builder = new SnapshotBuilder(schema, this.reading.scratch);
    await this.compact();
  }

  async finish(): Promise<Snapshot> {
    for (const table of this.tables.values()) this.builder.adopt(await table.compact());
    return this.builder.finish();
  }

  private insert(table: ReplayedTable, uuid: string, json: Json): void {
    this.insertedBytes += table.insert(uuid, json);
    checkRowCount(++this.rows);
  }

  private remove(table: ReplayedTable, uuid: string): void {
    this.goneBytes += table.remove(uuid);
    this.rows--;
  }

  /** @param rowBytes of a row that was not held before @param changeBytes of what it may have grown by */
  private hold(rowBytes: number, changeBytes: number): void {
    this.changeBytes += changeBytes;
    if (rowBytes === 0) return;
    this.heldRows++;
    this.heldBytes += HELD_ROW_BYTES + rowBytes;
  }

  /** One row that is so large alone is not turned into text after every change. */
  private get isCrowded(): boolean {
    return (
      this.changeBytes > HELD_BYTES_MAX || (this.heldRows > 1 && this.heldBytes + this.changeBytes > HELD_BYTES_MAX)
    );
  }

  private async compact(): Promise<void> {
    this.rows = 0;
    for (const table of this.tables.values()) this.rows += (await table.compact()).count;
    this.insertedBytes -= this.goneBytes;
    this.heldRows = 0;
    this.heldBytes = 0;
    this.changeBytes = 0;
    this.goneBytes = 0;
  }

  private row(table: ReplayedTable, uuid: string, text: Buffer): void {
    this.reading.rows++;
    if (this.mayEndEarly || isNull(text) || table.has(uuid)) {
      checkUuid(table.name, uuid);
      this.changes.push(table, uuid, text);
      return;
    }
    this.insert(table, uuid, readJson(text.toString(), `row ${uuid.slice(0, 100)}`));
  }

  private table(name: string): ReplayedTable {
    let table = this.tables.get(name);
    if (table === undefined) {
      table = new ReplayedTable(this.builder.table(name), this.reading.scratch);
      this.tables.set(name, table);
    }
    return table;
  }
}

const isNull = (text: Buffer): boolean => text.length === 4 && text.toString('latin1') === 'null';
