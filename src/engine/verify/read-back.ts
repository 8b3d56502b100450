/**
 * Reading back: every row of the tables that a plan touched, as the server has it, against what it is to be.
 *
 * Rows are selected by their UUIDs, so many at a time as keep the server busy for a moment, compared, and let go of:
 * however large the database is, that takes no memory. It is not one instant that is looked at: who writes meanwhile
 * has written since.
 */
import { parseRow, type Row } from '../../model/row/row.js';
import { WireRowReader } from '../../model/row/wire-row-reader.js';
import type { Session } from '../../ovsdb/client.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { EVERY_ROW, rowSelector, selectOperation } from '../../ovsdb/operation.js';
import { storedColumns } from '../capture/monitor.js';
import { RowsAtOnce, readListed, readSelected } from '../capture/selected-rows.js';
import { labelOf } from '../describe/label.js';
import { OUTCOME, type Plan, type TablePlan } from '../plan/table-plan.js';
import { type ActualText, Differences, told, type Verification } from './difference.js';
import { type ExpectedRow, ExpectedRows, existsAfter } from './expected-rows.js';
import { type ReadOptions, readFrom } from './read-request.js';

/** Rows that others added are named one by one, up to so many. */
const ADDED_MAX = 100;

/**
 * Compares every row of the tables touched; in a scope, every one that is in it.
 * @throws ConnectionError, OvsdbError; FrameError for what is no reply; when the signal aborts its reason, or one of
 * these
 */
export async function readBack(plan: Plan, session: Session, options: ReadOptions): Promise<Verification> {
  return new ReadBack(plan, session, options).run();
}

class ReadBack {
  private readonly found = new Differences();
  private readonly rowsAtOnce = new RowsAtOnce();

  constructor(
    private readonly plan: Plan,
    private readonly session: Session,
    private readonly options: ReadOptions,
  ) {}

  async run(): Promise<Verification> {
    const { plan, options } = this;
    const exists = existsAfter(plan);
    const touched = plan.tables
      .filter(
        ({ updates, deletes, outcomes }) => updates.size + deletes.length > 0 || outcomes.includes(OUTCOME.INSERT),
      )
      .map((draft) => ({ draft, expected: new ExpectedRows(plan, draft, exists) }));
    const total = touched.reduce((sum, { expected }) => sum + expected.count, 0);
    for (const { draft, expected } of touched) {
      await this.compareAll(draft, expected, total);
      // in a scope a row that nobody knows is nobody's business
      if (plan.options.scope === undefined) await this.findAdded(draft, expected);
    }
    options.onProgress?.(this.found.touched, this.found.touched);
    return this.found.verification;
  }

  private async compareAll({ table }: TablePlan, expected: ExpectedRows, total: number): Promise<void> {
    const reader = new WireRowReader(table);
    const select = rowSelector(table.name, storedColumns(table));
    const compare = async (rows: readonly ExpectedRow[]): Promise<void> => {
      const selects = rows.map(({ uuid }) => select(uuid));
      const take = (row: ExpectedRow, text: ActualText): void => this.found.add(table.name, row.difference(text));
      const { breath } = this.options;
      const tookMs = await this.ask(selects, (reply) => readSelected(reply, rows, { reader, breath }, take));
      this.rowsAtOnce.note(table.name, rows.length, tookMs);
      this.options.onProgress?.(this.found.touched, total);
    };
    let waiting: ExpectedRow[] = [];
    for (const row of expected) {
      if (waiting.push(row) < this.rowsAtOnce.of(table.name)) continue;
      await compare(waiting);
      waiting = [];
    }
    if (waiting.length > 0) await compare(waiting);
  }

  /** Rows that the plan did not know. */
  private async findAdded({ table }: TablePlan, expected: ExpectedRows): Promise<void> {
    const { breath } = this.options;
    const added: string[] = [];
    await this.ask([selectOperation(table.name, EVERY_ROW, ['_uuid'])], (reply) =>
      readListed(reply, breath, (uuid) => {
        if (!expected.isKnown(uuid)) added.push(uuid);
      }),
    );
    if (added.length === 0) return;
    const named = added.slice(0, ADDED_MAX);
    const take = (uuid: string, text: ActualText): void => {
      if (text !== undefined) this.add(table, uuid, parseRow(text.toString()));
    };
    const reader = new WireRowReader(table);
    await this.ask(named.map(rowSelector(table.name, storedColumns(table))), (reply) =>
      readSelected(reply, named, { reader, breath }, take),
    );
    for (const uuid of added.slice(ADDED_MAX)) this.add(table, uuid, {});
  }

  private add(table: TableSchema, uuid: string, row: Row): void {
    this.found.add(table.name, told(labelOf(table, row, uuid), 'was added'));
  }

  private ask(operations: readonly string[], read: (reply: Buffer) => Promise<void>): Promise<number> {
    return readFrom(this.session, operations, this.options, read);
  }
}
