/**
 * Reading what was planned: of a database after a commit no more than tells whether each planned change is in it.
 *
 * A few rows are selected by their UUIDs. Where many rows of a table came or went, the table is asked which rows it
 * has. Of many inserted rows their columns of weak references are read, and no others: what a row was inserted with it
 * has, but for a reference to a row that is not there. That is a tenth of what the database holds.
 */
import { parseRow } from '../../model/row/row.js';
import { wireValue } from '../../model/row/wire-notation.js';
import { WireRowReader } from '../../model/row/wire-row-reader.js';
import type { Session } from '../../ovsdb/client.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { condition, EVERY_ROW, rowSelector, selectOperation, whereUuid } from '../../ovsdb/operation.js';
import { storedColumns } from '../capture/monitor.js';
import { RowsAtOnce, readListed, readRows, readSelected } from '../capture/selected-rows.js';
import { weakColumns } from '../plan/dropped-reference.js';
import { OUTCOME, type Plan, type RowUpdate, type TablePlan } from '../plan/table-plan.js';
import {
  type ActualText,
  type Difference,
  Differences,
  deletedDifference,
  type Exists,
  insertedDifference,
  updatedDifference,
  type Verification,
} from './difference.js';
import { existsAfter } from './expected-rows.js';
import { type ReadOptions, readFrom } from './read-request.js';

/** Of so many inserted rows of a table every column is read. */
const WHOLE_MAX = 1_000;
/** With more rows that came or went, and that are at least this part of it, a table is asked for all its UUIDs. */
const LISTED_MIN = 1_000;
const LISTED_PART = 0.1;

/**
 * Looks for every planned change.
 * @throws ConnectionError, OvsdbError; FrameError for what is no reply; when the signal aborts its reason, or one of
 * these
 */
export async function readPlanned(plan: Plan, session: Session, options: ReadOptions): Promise<Verification> {
  return new PlannedReading(plan, session, options).run();
}

/** A row that is asked for by its UUID. */
interface Asked {
  readonly select: string;
  difference(text: ActualText): Difference | undefined;
}

class PlannedReading {
  private readonly found = new Differences();
  private readonly rowsAtOnce = new RowsAtOnce();
  private readonly exists: Exists;

  constructor(
    private readonly plan: Plan,
    private readonly session: Session,
    private readonly options: ReadOptions,
  ) {
    this.exists = existsAfter(plan);
  }

  async run(): Promise<Verification> {
    for (const draft of this.plan.tables) {
      const inserts = countInserts(draft);
      const coming = inserts + draft.deletes.length;
      const isListed = coming > LISTED_MIN && coming > LISTED_PART * (draft.live.count + inserts);
      if (isListed) await this.list(draft);
      await this.select(draft.table, this.asked(draft, { inserts, isListed }));
    }
    this.tell();
    return this.found.verification;
  }

  private tell(): void {
    this.options.onProgress?.(this.found.touched, this.plan.changeCount);
  }

  private *asked(
    draft: TablePlan,
    { inserts, isListed }: { readonly inserts: number; readonly isListed: boolean },
  ): Generator<Asked> {
    const { table, backup, live, outcomes, updates, deletes } = draft;
    const { plan, exists } = this;
    const isWhole = inserts <= WHOLE_MAX;
    const columns = isWhole ? undefined : new Set(weakColumns(table).map(({ column }) => column.name));
    const inserted = rowSelector(table.name, [...(columns ?? storedColumns(table))]);
    for (let i = 0; !isListed && inserts > 0 && i < backup.count; i++) {
      if (outcomes[i] !== OUTCOME.INSERT) continue;
      yield {
        select: inserted(backup.uuid(i)),
        difference: (text) => insertedDifference(draft, plan, i, { text, exists, ...(columns && { columns }) }),
      };
    }
    for (const update of updates.values())
      yield {
        select: selectOperation(table.name, whereUuid(live.uuid(update.liveIndex)), columnsOf(update)),
        difference: (text) => updatedDifference(draft, update, { text, exists }),
      };
    const deleted = rowSelector(table.name, []);
    for (const index of isListed ? [] : deletes)
      yield { select: deleted(live.uuid(index)), difference: (text) => deletedDifference(draft, index, text) };
  }

  private async select(table: TableSchema, asked: Iterable<Asked>): Promise<void> {
    const reader = new WireRowReader(table);
    const { breath } = this.options;
    let waiting: Asked[] = [];
    const flush = async (): Promise<void> => {
      const selects = waiting.map(({ select }) => select);
      const take = (row: Asked, text: ActualText): void => this.found.add(table.name, row.difference(text));
      const tookMs = await this.ask(selects, (reply) => readSelected(reply, waiting, { reader, breath }, take));
      this.rowsAtOnce.note(table.name, selects.length, tookMs);
      waiting = [];
      this.tell();
    };
    for (const row of asked) {
      if (waiting.push(row) >= this.rowsAtOnce.of(table.name)) await flush();
      if (breath.due()) await breath.rest();
    }
    if (waiting.length > 0) await flush();
  }

  /** The inserted and deleted rows of a table that is asked for all its UUIDs. */
  private async list(draft: TablePlan): Promise<void> {
    const { table, backup, live, outcomes, deletes } = draft;
    const { breath } = this.options;
    const [came, stayed] = [new Uint8Array(backup.count), new Uint8Array(live.count)];
    await this.ask([selectOperation(table.name, EVERY_ROW, ['_uuid'])], (reply) =>
      readListed(reply, breath, (uuid) => {
        const [index, liveIndex] = [backup.find(uuid), live.find(uuid)];
        if (index !== undefined) came[index] = 1;
        if (liveIndex !== undefined) stayed[liveIndex] = 1;
      }),
    );
    const differences = new Map<number, Difference>();
    for (const { column } of weakColumns(table)) await this.readWeak(draft, column, { came, differences });
    for (let i = 0; i < backup.count; i++) {
      if (outcomes[i] === OUTCOME.INSERT)
        this.found.add(table.name, came[i] === 1 ? differences.get(i) : this.insertedAs(draft, i, undefined));
      if (breath.due()) await breath.rest();
    }
    for (const index of deletes)
      this.found.add(table.name, stayed[index] === 1 ? deletedDifference(draft, index, NO_COLUMNS) : undefined);
    this.tell();
  }

  /** Compares one column of all inserted rows that are there, by asking for the rows that have something in it. */
  private async readWeak(
    draft: TablePlan,
    column: ColumnSchema,
    { came, differences }: { readonly came: Uint8Array; readonly differences: Map<number, Difference> },
  ): Promise<void> {
    const { table, backup, outcomes } = draft;
    const { breath } = this.options;
    const columns = new Set([column.name]);
    const seen = new Uint8Array(backup.count);
    const compare = (index: number, text: Buffer): void => {
      const difference = this.insertedAs(draft, index, text, columns);
      const known = differences.get(index);
      if (difference !== undefined && (known === undefined || known.isWarning === true))
        differences.set(index, difference);
    };
    const where = `[${condition(column.name, '!=', wireValue(column, undefined))}]`;
    const reader = new WireRowReader({ ...table, columns: new Map([UUID_COLUMN, [column.name, column]]) });
    await this.ask([selectOperation(table.name, where, ['_uuid', column.name])], (reply) =>
      readRows(reply, { reader, breath }, (text) => {
        const index = backup.find(parseRow(text.toString())['_uuid'] as string);
        if (index === undefined || outcomes[index] !== OUTCOME.INSERT) return;
        seen[index] = 1;
        compare(index, text);
      }),
    );
    const label = `${JSON.stringify(column.name)}:`;
    for (let i = 0; i < backup.count; i++) {
      if (outcomes[i] === OUTCOME.INSERT && came[i] === 1 && seen[i] === 0 && backup.text(i).includes(label))
        compare(i, NO_COLUMNS);
      if (breath.due()) await breath.rest();
    }
  }

  private insertedAs(
    draft: TablePlan,
    index: number,
    text: ActualText,
    columns?: ReadonlySet<string>,
  ): Difference | undefined {
    return insertedDifference(draft, this.plan, index, { text, exists: this.exists, ...(columns && { columns }) });
  }

  private ask(operations: readonly string[], read: (reply: Buffer) => Promise<void>): Promise<number> {
    return readFrom(this.session, operations, this.options, read);
  }
}

/** A row in which nothing is, or of which nothing was read. */
const NO_COLUMNS = Buffer.from('{}');

const UUID_COLUMN: [string, ColumnSchema] = [
  '_uuid',
  { name: '_uuid', kind: 'scalar', key: { type: 'uuid' }, min: 1, max: 1, ephemeral: false, mutable: false },
];

function countInserts({ outcomes }: TablePlan): number {
  let count = 0;
  outcomes.forEach((outcome) => {
    if (outcome === OUTCOME.INSERT) count++;
  });
  return count;
}

function columnsOf({ columns, members }: RowUpdate): readonly string[] {
  return [...columns, ...members].map(({ column }) => column.name);
}
