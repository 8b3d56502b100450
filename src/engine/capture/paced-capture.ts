/**
 * The paced capture: reads a database in small pieces, and leaves the server as much time for others as it takes
 * itself. What changes meanwhile is told by a monitor that sends no initial rows.
 *
 * Only rows of root tables are listed; others live by the strong references to them (RFC 7047, section 5.1), and are
 * found in the rows that hold those. Each row is selected by its UUID, many in one request, one request at a time.
 * Everything is dealt with in the order in which the server sent it, so that the rows here are at any time what they
 * were on the server; when none is left to read, they are the database.
 */

import { Breath } from '../../lib/breath.js';
import { type Clock, sleep } from '../../lib/clock.js';
import { holderColumns, type ReferenceColumn, referencesIn } from '../../model/reference/reference.js';
import { parseRow, type Row, type Value } from '../../model/row/row.js';
import { type ChangedRow, plainRow } from '../../model/row/row-change.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import type { JsonObject } from '../../ovsdb/json.js';
import { EVERY_ROW, rowSelector, selectOperation } from '../../ovsdb/operation.js';
import { transactParams } from '../../ovsdb/transact.js';
import type { FollowedTable } from './followed-table.js';
import { type Monitor, storedColumns } from './monitor.js';
import { RowsAtOnce, readListed, readSelected } from './selected-rows.js';
import type { ChangeListener } from './table-updates.js';
import { UnreadRows } from './unread-rows.js';

export interface PacedOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Told how many rows have been read, and of how many is known so far. */
  readonly onProgress?: ((rows: number, total?: number) => void) | undefined;
}

export class PacedCapture implements ChangeListener {
  private readonly unread = new UnreadRows();
  private readonly holders: ReadonlyMap<string, readonly ReferenceColumn[]>;
  private readonly breath = new Breath();
  private readonly rowsAtOnce = new RowsAtOnce();
  private rows = 0;

  constructor(
    private readonly monitor: Monitor,
    private readonly options: PacedOptions,
  ) {
    const { schema } = monitor.session;
    this.holders = new Map([...schema.tables.values()].map((table) => [table.name, holderColumns(schema, table)]));
  }

  /**
   * Reads everything into the monitor's tables, which are empty before and complete afterwards.
   * @throws ConnectionError, OvsdbError; FrameError for what is no reply
   */
  async run(): Promise<void> {
    const { monitor } = this;
    for (const table of monitor.session.schema.tables.values()) {
      if (table.isRoot)
        await this.paced([selectOperation(table.name, EVERY_ROW, ['_uuid'])], (reply) => this.list(table, reply));
    }
    for (let isComplete = false; !isComplete; ) {
      for (let table = this.unread.next(); table !== undefined; table = this.unread.next())
        await this.read(this.followedTable(table));
      isComplete = (
        await monitor.ask({ method: 'echo', params: '["capture"]', signal: this.options.signal }, () => this.finish())
      ).value;
    }
    this.options.onProgress?.(this.rows, this.rows);
  }

  inserted(table: TableSchema, uuid: string, text: Buffer): void {
    this.unread.remove(table.name, uuid);
    this.follow(table, text);
  }

  modified(table: TableSchema, row: ChangedRow, difference: JsonObject): void {
    const columns = this.holders.get(table.name)?.filter(({ column }) => difference[column.name] !== undefined) ?? [];
    if (columns.length === 0) return;
    const mentioned = plainRow(
      table,
      Object.fromEntries(columns.map(({ column }) => [column.name, difference[column.name] ?? null])),
      'changed',
    );
    for (const column of columns) {
      const {
        column: { name, kind },
      } = column;
      // what is in the difference and not in the row any more has just been taken out of it
      this.followColumn(column, mentioned[name], (uuid) => kind === 'map' || row.holds(name, uuid));
    }
  }

  removed(table: TableSchema, uuid: string): void {
    this.unread.remove(table.name, uuid);
  }

  /** Nothing is left to read: from here on the monitor alone keeps the tables as the database is. */
  private async finish(): Promise<boolean> {
    if (this.unread.count > 0) return false;
    this.monitor.listener = undefined;
    for (const table of this.monitor.tables.values()) {
      table.complete();
      if (this.breath.due()) await this.breath.rest();
    }
    return true;
  }

  private async list(table: TableSchema, reply: Buffer): Promise<void> {
    const followed = this.followedTable(table.name);
    await readListed(reply, this.breath, (uuid) => {
      if (!followed.has(uuid)) this.unread.add(table.name, uuid);
    });
  }

  private async read(followed: FollowedTable): Promise<void> {
    const { name } = followed.schema;
    const uuids = this.unread.take(name, this.rowsAtOnce.of(name));
    const selects = uuids.map(rowSelector(name, storedColumns(followed.schema)));
    const tookMs = await this.paced(selects, (reply) => this.take(followed, uuids, reply));
    this.rowsAtOnce.note(name, uuids.length, tookMs);
    this.options.onProgress?.(this.rows, this.rows + this.unread.count);
  }

  private take(followed: FollowedTable, uuids: readonly string[], reply: Buffer): Promise<void> {
    const { reader } = followed;
    return readSelected(reply, uuids, { reader, breath: this.breath }, (uuid, text) => {
      // it may have been deleted since it was listed
      if (text === undefined) return;
      if (!followed.has(uuid)) this.rows++;
      followed.put(uuid, text);
      this.follow(followed.schema, text);
    });
  }

  /**
   * Has a transaction that only reads answered, then leaves the server alone for as long as that took, which is what it
   * answers.
   */
  private async paced(operations: readonly string[], read: (reply: Buffer) => Promise<void>): Promise<number> {
    const params = transactParams(this.monitor.session.schema.name, operations);
    const { clock, signal } = this.options;
    const began = clock.monotonic();
    const { tookMs } = await this.monitor.ask({ method: 'transact', params, signal }, read);
    this.monitor.noteSilence(tookMs);
    const restMs = began + 2 * tookMs - clock.monotonic();
    if (restMs > 0) await sleep(clock, restMs, signal);
    return tookMs;
  }

  private follow(table: TableSchema, text: Buffer): void {
    const columns = this.holders.get(table.name) ?? [];
    if (columns.length === 0) return;
    const row: Row = parseRow(text.toString());
    for (const column of columns) this.followColumn(column, row[column.column.name]);
  }

  /** Rows that are referred to strongly and not known yet are to be read. */
  private followColumn(
    column: ReferenceColumn,
    value: Value | undefined,
    isThere: (uuid: string) => boolean = () => true,
  ): void {
    for (const { table, uuid, strong } of referencesIn(column, value)) {
      const followed = this.monitor.tables.get(table);
      if (strong && followed?.schema.isRoot === false && !followed.has(uuid) && isThere(uuid))
        this.unread.add(table, uuid);
    }
  }

  private followedTable(table: string): FollowedTable {
    return this.monitor.tables.get(table) as FollowedTable;
  }
}
