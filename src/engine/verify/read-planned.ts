/**
 * Reading what was planned: of a database after a commit no more than tells whether each planned change is in it.
 *
 * A few rows are selected by their UUIDs. After a large change a table of which many rows came or went is asked which
 * rows it has (listed-table.ts): that is a tenth of what the database holds. A table that was empty is only counted,
 * where nobody else wrote to it (filled-tables.ts).
 */
import { WireRowReader } from '../../model/row/wire-row-reader.js';
import type { Session } from '../../ovsdb/client.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { rowSelector, selectOperation, whereUuid } from '../../ovsdb/operation.js';
import { storedColumns } from '../capture/monitor.js';
import { RowsAtOnce, readSelected } from '../capture/selected-rows.js';
import { weakColumns } from '../plan/dropped-reference.js';
import { countChanges, OUTCOME, type Plan, type RowUpdate, type TablePlan } from '../plan/table-plan.js';
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
import type { FilledTables } from './filled-tables.js';
import { ListedTable } from './listed-table.js';
import { type Question, type ReadOptions, readAhead, readFrom } from './read-request.js';

/** Of so many inserted rows of a table every column is read. */
const WHOLE_MAX = 1_000;
/** Where more rows came or went in all, a table of which they are at least this part is listed. */
const LISTED_MIN = 1_000;
const LISTED_PART = 0.1;

export interface PlannedOptions extends ReadOptions {
  /** Tables that were watched while the plan was sent. */
  readonly filled?: FilledTables | undefined;
}

/**
 * Looks for every planned change.
 * @throws ConnectionError, OvsdbError; FrameError for what is no reply; when the signal aborts its reason, or one of
 * these
 */
export async function readPlanned(plan: Plan, session: Session, options: PlannedOptions): Promise<Verification> {
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
    private readonly options: PlannedOptions,
  ) {
    this.exists = existsAfter(plan);
  }

  async run(): Promise<Verification> {
    const { plan, session, options } = this;
    const asTheyCame = (await options.filled?.asTheyCame(plan, session, options)) ?? new Set();
    const listed = await this.list(asTheyCame);
    for (const draft of plan.tables) {
      if (asTheyCame.has(draft)) {
        this.found.addAsPlanned(countChanges(draft).INSERT);
        continue;
      }
      const list = listed.get(draft);
      await list?.compare(this.found);
      await this.select(draft.table, this.asked(draft, list !== undefined));
    }
    this.tell();
    return this.found.verification;
  }

  /** Asks tables of which much came or went which rows they have, but for those of which that is known. */
  private async list(known: ReadonlySet<TablePlan>): Promise<ReadonlyMap<TablePlan, ListedTable>> {
    const { plan, session, options, exists } = this;
    const listed = new Map<TablePlan, ListedTable>();
    const counts = plan.tables.map((draft) => [draft, countChanges(draft)] as const);
    if (counts.reduce((sum, [, { INSERT, DELETE }]) => sum + INSERT + DELETE, 0) <= LISTED_MIN) return listed;
    for (const [draft, { INSERT: inserts, DELETE: deletes }] of counts)
      if (!known.has(draft) && inserts + deletes > LISTED_PART * (draft.live.count + inserts))
        listed.set(draft, new ListedTable(draft, plan, { exists, inserts, breath: options.breath }));
    async function* questions(): AsyncGenerator<Question> {
      for (const table of listed.values()) yield* table.questions();
    }
    await readAhead(session, questions(), options);
    return listed;
  }

  private tell(): void {
    this.options.onProgress?.(this.found.touched, this.plan.changeCount);
  }

  private *asked(draft: TablePlan, isListed: boolean): Generator<Asked> {
    const { table, backup, live, outcomes, updates, deletes } = draft;
    const { plan, exists } = this;
    const { INSERT: inserts } = countChanges(draft);
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

  private ask(operations: readonly string[], read: (reply: Buffer) => Promise<void>): Promise<number> {
    return readFrom(this.session, operations, this.options, read);
  }
}

function columnsOf({ columns, members }: RowUpdate): readonly string[] {
  return [...columns, ...members].map(({ column }) => column.name);
}
