/**
 * Tables that are empty, and that one transaction is to fill. Their rows need not be asked for afterwards, nor their
 * weak references, where three things are so: the table has as many rows as came; of none was it told since before the
 * transaction that it went or lost a reference; and each weak reference leads to a row that came as well, so that
 * ovsdb-server had none to drop.
 *
 * To be told, a monitor is set before the transaction. It is not told of rows that come, which costs the server next to
 * nothing. A server tells of a change before it sends a reply that reflects it (ovsdb-server(7), section 4.1.12).
 */
import type { Breath } from '../../lib/breath.js';
import { referencesIn } from '../../model/reference/reference.js';
import { columnLabel, columnsIn } from '../../model/row/row-text.js';
import type { Session } from '../../ovsdb/client.js';
import { isObject, type Json } from '../../ovsdb/json.js';
import { countOperation } from '../../ovsdb/operation.js';
import { transactResults } from '../../ovsdb/reply.js';
import { weakColumns } from '../plan/dropped-reference.js';
import { countChanges, OUTCOME, type Plan, type TablePlan } from '../plan/table-plan.js';
import { WHOLE_MAX } from './listed-table.js';
import { type ReadOptions, readFrom } from './read-request.js';

/** Longest time for the server to take the monitor. */
const TIMEOUT_MS = 60_000;

let lastNumber = 0;

export class FilledTables {
  private readonly monitor = `filled-${++lastNumber}`;
  /** Tables of which something was told that others did. */
  private readonly touched = new Set<string>();
  private isOver = false;
  private readonly unsubscribe: () => void;

  private constructor(
    private readonly plan: Plan,
    private readonly session: Session,
    /** How many rows come into each of them. */
    private readonly inserts: ReadonlyMap<TablePlan, number>,
  ) {
    this.unsubscribe = session.connection.subscribe(({ method, params }) => {
      if (params[0] !== this.monitor) return;
      if (method === 'update2' && isObject(params[1]))
        for (const name of Object.keys(params[1])) this.touched.add(name);
      else this.isOver = true;
    });
  }

  /**
   * Before the plan is sent. @returns undefined where it fills no table
   * @throws OvsdbError, ConnectionError
   */
  static async watch(plan: Plan, session: Session): Promise<FilledTables | undefined> {
    const inserts = new Map(
      plan.tables
        .filter(({ live }) => live.count === 0)
        .map((draft) => [draft, countChanges(draft).INSERT] as const)
        .filter(([, rows]) => rows > 0),
    );
    if (![...inserts.values()].some((rows) => rows > WHOLE_MAX)) return undefined;
    const filled = new FilledTables(plan, session, inserts);
    const requests = [...inserts.keys()].map(({ table }) => {
      const columns = weakColumns(table).map(({ column }) => column.name);
      return [table.name, [{ columns, select: { initial: false, insert: false } }]] as const;
    });
    const params: readonly Json[] = [session.schema.name, filled.monitor, Object.fromEntries(requests)];
    await session.connection.request('monitor_cond', params, { timeoutMs: TIMEOUT_MS });
    return filled;
  }

  /**
   * Those whose rows are there as they came, now that the plan is in the database.
   * @throws OvsdbError, ConnectionError; the reason of the signal when it aborts
   */
  async asTheyCame(plan: Plan, session: Session, options: ReadOptions): Promise<ReadonlySet<TablePlan>> {
    if (plan !== this.plan || session !== this.session) return new Set();
    const [rows, targets] = await Promise.all([this.countRows(options), this.targets(options.breath)]);
    if (this.isOver) return new Set();
    const whole = new Set<string>();
    for (const [draft, count] of this.inserts)
      if (!this.touched.has(draft.table.name) && rows.get(draft) === count) whole.add(draft.table.name);
    const isAsItCame = (draft: TablePlan): boolean =>
      whole.has(draft.table.name) && targets.get(draft)?.every((name) => whole.has(name)) === true;
    // of few rows every column is read
    return new Set(
      [...this.inserts].filter(([draft, count]) => count > WHOLE_MAX && isAsItCame(draft)).map(([draft]) => draft),
    );
  }

  /** Ends the telling. */
  async release(): Promise<void> {
    this.isOver = true;
    this.unsubscribe();
    // whose connection is closed is told nothing any more
    await this.session.connection
      .request('monitor_cancel', [this.monitor], { timeoutMs: TIMEOUT_MS })
      .catch(() => undefined);
  }

  private async countRows(options: ReadOptions): Promise<ReadonlyMap<TablePlan, unknown>> {
    const counts = new Map<TablePlan, unknown>();
    const tables = [...this.inserts.keys()];
    const operations = tables.map(({ table }) => countOperation(table.name));
    await readFrom(this.session, operations, options, async (reply) => {
      transactResults(reply).forEach((result, index) => {
        const draft = tables[index];
        if (draft !== undefined && isObject(result)) counts.set(draft, result['count']);
      });
    });
    return counts;
  }

  /** The tables that weak references lead to; those of which one leads to a row that did not come are not in it. */
  private async targets(breath: Breath): Promise<ReadonlyMap<TablePlan, readonly string[]>> {
    const byName = new Map([...this.inserts.keys()].map((draft) => [draft.table.name, draft]));
    const targets = new Map<TablePlan, readonly string[]>();
    for (const draft of this.inserts.keys()) {
      const found = await targetsOf(draft, byName, breath);
      if (found !== undefined) targets.set(draft, found);
    }
    return targets;
  }
}

/** Undefined when a reference leads to a row that is not inserted. */
async function targetsOf(
  { table, backup, outcomes }: TablePlan,
  filled: ReadonlyMap<string, TablePlan>,
  breath: Breath,
): Promise<readonly string[] | undefined> {
  const columns = weakColumns(table).map((reference) => ({
    reference,
    name: Buffer.from(reference.column.name),
    label: columnLabel(reference.column.name),
  }));
  if (columns.length === 0) return [];
  const targets = new Set<string>();
  for (let i = 0; i < backup.count; i++) {
    if (breath.due()) await breath.rest();
    if (outcomes[i] !== OUTCOME.INSERT) continue;
    const text = backup.text(i);
    const held = columns.filter(({ label }) => text.includes(label));
    if (held.length === 0) continue;
    const row = columnsIn(
      text,
      held.map(({ name }) => name),
    );
    for (const { reference } of held) {
      for (const { table: name, uuid } of referencesIn(reference, row[reference.column.name])) {
        const target = filled.get(name);
        const index = target?.backup.find(uuid);
        if (index === undefined || target?.outcomes[index] !== OUTCOME.INSERT) return undefined;
        targets.add(name);
      }
    }
  }
  return [...targets];
}
