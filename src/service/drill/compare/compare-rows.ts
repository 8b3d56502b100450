/**
 * Compares what a database holds with what a backup does, row by row and column by column. Rows are asked for by their
 * UUIDs in plain selects, some at a time; a table is counted, so that a row too many is seen. Nothing of what plans,
 * applies or verifies restores has a part in it.
 *
 * What no server keeps is no difference, and is told in notes: rows that nothing holds, weak references to rows that
 * the backup has not, and values that northd chose and that another port has too, which it chooses anew.
 */
import { Breath } from '../../../lib/breath.js';
import { plural } from '../../../lib/text/plural.js';
import { ASSIGNED_ADDRESSES, ASSIGNED_TAG } from '../../../model/northbound/assigned-value.js';
import { SWITCH_PORT } from '../../../model/northbound/tables.js';
import type { Snapshot, TableRows } from '../../../model/snapshot/snapshot.js';
import type { Session } from '../../../ovsdb/client.js';
import type { BaseType, ColumnSchema, TableSchema } from '../../../ovsdb/database-schema.js';
import type { Json, JsonObject } from '../../../ovsdb/json.js';
import { countOperation, EVERY_ROW, rowSelector, selectOperation } from '../../../ovsdb/operation.js';
import { rowsOf } from '../../../ovsdb/reply.js';
import { transact } from '../../../ovsdb/transact.js';
import { heldRows } from './held-rows.js';
import { type Atoms, backupAtoms, isEqual, partsOf, wireAtoms } from './wire-value.js';

export interface Comparison {
  /** Rows of the backup that were looked at. */
  readonly rowsCompared: number;
  /** The first of them, each in a sentence without values. */
  readonly differences: readonly string[];
  readonly differenceCount: number;
  readonly notes: readonly string[];
}

export interface CompareOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (rows: number) => void;
}

const ROWS_AT_ONCE = 200;
const REQUEST_MS = 120_000;
const DIFFERENCES_MAX = 100;

function hasWeakReferences({ key, value }: ColumnSchema): boolean {
  return key.refType === 'weak' || value?.refType === 'weak';
}

/** Whether northd chose a value of a switch port, and nobody configured it. */
function isChosenByNorthd(column: string, port: JsonObject): boolean {
  return column === ASSIGNED_ADDRESSES || (column === ASSIGNED_TAG && port['tag_request'] !== undefined);
}

/** @throws ConnectionError, OvsdbError; the signal's reason */
export async function compareRows(backup: Snapshot, session: Session, options: CompareOptions): Promise<Comparison> {
  return new Comparing(backup, session, options).run();
}

class Comparing {
  private readonly breath = new Breath();
  private readonly differences: string[] = [];
  private differenceCount = 0;
  private compared = 0;
  private droppedReferences = 0;
  private chosenAnew = 0;
  private unheld = 0;
  private held: ReturnType<typeof heldRows> | undefined;

  constructor(
    private readonly backup: Snapshot,
    private readonly session: Session,
    private readonly options: CompareOptions,
  ) {}

  async run(): Promise<Comparison> {
    for (const [name, rows] of this.backup.tables) {
      const table = this.backup.schema.tables.get(name);
      if (table !== undefined) await this.compareTable(table, rows);
    }
    const { compared: rowsCompared, differences, differenceCount } = this;
    return { rowsCompared, differences, differenceCount, notes: this.notes() };
  }

  private async compareTable(table: TableSchema, rows: TableRows): Promise<void> {
    const columns = [...table.columns.values()].filter(({ ephemeral }) => !ephemeral);
    const names = columns.map(({ name }) => name);
    const select = rowSelector(table.name, names);
    let found = 0;
    for (let at = 0; at < rows.count; at += ROWS_AT_ONCE) {
      const indexes = Array.from({ length: Math.min(ROWS_AT_ONCE, rows.count - at) }, (_, i) => at + i);
      const results = await this.ask(indexes.map((index) => select(rows.uuid(index))));
      for (const [i, index] of indexes.entries()) {
        if (this.breath.due()) await this.breath.rest();
        const [actual] = rowsOf(results[i]);
        if (actual === undefined) await this.missing(table.name, rows.uuid(index));
        else {
          found++;
          await this.compareRow(table.name, columns, {
            uuid: rows.uuid(index),
            expected: rows.row(index),
            actual,
          });
        }
        this.compared++;
      }
      this.options.onProgress(this.compared);
    }
    await this.findAdded(table.name, rows, found);
  }

  private async compareRow(
    table: string,
    columns: readonly ColumnSchema[],
    { uuid, expected, actual }: { readonly uuid: string; readonly expected: JsonObject; readonly actual: JsonObject },
  ): Promise<void> {
    const differing: string[] = [];
    for (const column of columns) {
      const is = wireAtoms(actual[column.name]);
      const wanted = backupAtoms(column, expected[column.name]);
      if (isEqual(wanted, is)) continue;
      const kept = hasWeakReferences(column) ? await this.thatAreKept(column, wanted) : wanted;
      if (kept.length < wanted.length && isEqual(kept, is)) this.droppedReferences += wanted.length - kept.length;
      else if (table === SWITCH_PORT && is.length === 0 && isChosenByNorthd(column.name, expected)) this.chosenAnew++;
      else differing.push(column.name);
    }
    if (differing.length > 0) this.differ(`${table} ${uuid} has another value of ${differing.join(', ')}`);
  }

  /** Without weak references to rows that the backup has not, or that nothing in it holds. */
  private async thatAreKept({ key, value }: ColumnSchema, atoms: Atoms): Promise<Atoms> {
    const held = await this.heldRows();
    const isKept = (base: BaseType | undefined, uuid: string | undefined): boolean =>
      base?.refType !== 'weak' || uuid === undefined || held.get(base.refTable ?? '')?.has(uuid) === true;
    return atoms.filter((atom) => {
      const [first, second] = partsOf(atom);
      return isKept(key, first) && isKept(value, second);
    });
  }

  private heldRows(): ReturnType<typeof heldRows> {
    this.held ??= heldRows(this.backup);
    return this.held;
  }

  private async missing(table: string, uuid: string): Promise<void> {
    const isHeld = (await this.heldRows()).get(table)?.has(uuid) === true;
    if (isHeld) this.differ(`${table} ${uuid} is not in the database`);
    else this.unheld++;
  }

  private async findAdded(table: string, rows: TableRows, found: number): Promise<void> {
    const [counted] = await this.ask([countOperation(table)]);
    const { count } = counted as JsonObject;
    if (Number(count) === found) return;
    const [listed] = await this.ask([selectOperation(table, EVERY_ROW, ['_uuid'])]);
    for (const row of rowsOf(listed)) {
      const [uuid = ''] = wireAtoms(row['_uuid']);
      if (rows.find(uuid) === undefined) this.differ(`${table} ${uuid} is in the database, and not in the backup`);
    }
  }

  private async ask(operations: readonly string[]): Promise<readonly Json[]> {
    const { signal } = this.options;
    signal.throwIfAborted();
    const { connection, schema } = this.session;
    return transact(connection, schema.name, operations, { timeoutMs: REQUEST_MS, signal });
  }

  private differ(what: string): void {
    this.differenceCount++;
    if (this.differences.length < DIFFERENCES_MAX) this.differences.push(what);
  }

  private notes(): readonly string[] {
    const { unheld, droppedReferences, chosenAnew } = this;
    return [
      ...(unheld === 0
        ? []
        : [plural(unheld, '# {row|rows} of the backup {is|are} left out: nothing in it holds {it|them}')]),
      ...(droppedReferences === 0
        ? []
        : [plural(droppedReferences, '# weak {reference|references} to rows that are not there {is|are} left out')]),
      ...(chosenAnew === 0
        ? []
        : [
            plural(
              chosenAnew,
              '# {value|values} that northd chose {is|are} left out, as another port has {it|them} too: northd ' +
                'chooses anew',
            ),
          ]),
    ];
  }
}
