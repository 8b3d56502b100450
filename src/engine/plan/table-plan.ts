/**
 * The words of a plan: what becomes of each row, table by table (plan.ts makes it, apply.ts carries it out).
 */
import type { Problem } from '../../lib/error.js';
import { ACCESS_TABLES } from '../../model/northbound/tables.js';
import { referenceColumns, rewriteReferences } from '../../model/reference/reference.js';
import type { Row, Value } from '../../model/row/row.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { type Identity, NO_MATCH } from '../identify/identify.js';
import type { ScopeMarks } from '../scope/mark.js';
import type { ScopeRules } from '../scope/scope-rules.js';
import { isLeftToOvnIc } from '../untouched/learned-rows.js';
import type { NamedRows } from '../untouched/named-rows.js';
import type { UntouchedRows } from '../untouched/untouched.js';
import type { ColumnDiff } from './row-diff.js';

export type ConflictPolicy = 'SKIP' | 'OVERWRITE' | 'ERROR';

export interface PlanOptions extends UntouchedRows {
  readonly policy: ConflictPolicy;
  /** Only with OVERWRITE: live rows that the backup does not hold are deleted. */
  readonly exact: boolean;
  /** False leaves out Connection and SSL rows, in the backup and in the database. */
  readonly restoreAccess: boolean;
  /** What takes part, on both sides (scope.ts). Undefined: everything. */
  readonly scope?: { readonly backup: ScopeMarks; readonly live: ScopeMarks };
}

/** The options of a plan: with what the scope means between the two snapshots. */
export interface ScopedOptions extends PlanOptions {
  readonly scopeRules?: ScopeRules;
}

/** What becomes of a row of the backup. OUT: it is out of scope, and nowhere counted or told. */
export const OUTCOME = {
  INSERT: 1,
  UPDATE: 2,
  UNCHANGED: 3,
  EXISTS: 4,
  NOT_HELD: 5,
  ACCESS: 6,
  FAILED: 7,
  OUT: 8,
  /** A row of ovn-ic's that the database has not, or that differs there. */
  LEARNED: 9,
  LEARNED_DIFFERING: 10,
  /** This server is connected through the live row. */
  OWN_CONNECTION: 11,
  /** It says how clients reach the database, and differs there. */
  ACCESS_DIFFERING: 12,
} as const;
export type Outcome = (typeof OUTCOME)[keyof typeof OUTCOME];

const LEARNED_REASON = 'ovn-ic makes it and takes it away: left as it is in the database, or left out';
const ACCESS_REASON =
  'says how clients reach the database: restored only into the database it came from, or with force';

/** Why a row is left as it is. */
export const SKIP_REASONS: Readonly<Record<number, string>> = {
  [OUTCOME.UNCHANGED]: 'unchanged',
  [OUTCOME.EXISTS]: 'exists in the database and differs; the policy leaves it as it is',
  [OUTCOME.NOT_HELD]: 'the row that would hold it is left as it is, or left out',
  [OUTCOME.LEARNED]: LEARNED_REASON,
  [OUTCOME.LEARNED_DIFFERING]: LEARNED_REASON,
  [OUTCOME.OWN_CONNECTION]: 'differs, and this server is connected through it: changed only with force',
  [OUTCOME.ACCESS]: ACCESS_REASON,
  [OUTCOME.ACCESS_DIFFERING]: ACCESS_REASON,
};

/** Why a live row stays that exact would delete. */
export const SPARED = {
  ACCESS: 'only the database has it, and it says how clients reach the database: deleted only with force',
  LEARNED: 'only the database has it: ovn-ic makes it and takes it away',
  OWN_CONNECTION: 'only the database has it, and this server is connected through it: deleted only with force',
  HELD: 'only the database has it, and a row that stays needs it',
} as const;
export type Spared = (typeof SPARED)[keyof typeof SPARED];

/** References that come to a column and go from it, in the column's own shape; what else is in it stays. */
export interface MemberUpdate {
  readonly column: ColumnSchema;
  /** To inserted rows, and to live ones that come back to what held them. */
  readonly added?: Value | undefined;
  /** Weak ones to deleted rows: ovsdb-server would take them away by itself. */
  readonly removed?: Value | undefined;
  /** The column's whole value. */
  readonly before: Value | undefined;
  readonly after: Value | undefined;
}

export interface RowUpdate {
  readonly liveIndex: number;
  /** Columns to be set. */
  readonly columns: readonly ColumnDiff[];
  /** Columns, others than those, of which only references come and go. */
  readonly members: readonly MemberUpdate[];
}

/** What becomes of each row of a table, one byte each: see OUTCOME. */
export interface Outcomes extends Iterable<number> {
  readonly [index: number]: number;
  readonly length: number;
  includes(outcome: number): boolean;
  forEach(look: (outcome: number, index: number) => void): void;
}

export interface TablePlan {
  readonly table: TableSchema;
  readonly backup: TableRows;
  readonly live: TableRows;
  /** For each row of the backup. */
  readonly outcomes: Outcomes;
  /**
   * Number of the live row -> its update: of those that are matched with a row whose outcome is UPDATE, and of those
   * that the backup does not hold and that refer to rows that are deleted.
   */
  readonly updates: ReadonlyMap<number, RowUpdate>;
  /** Numbers of live rows. */
  readonly deletes: readonly number[];
  /** Numbers of live rows that exact would delete, and that stay as they are. */
  readonly spared: ReadonlyMap<number, Spared>;
}

/** What a plan is made from. */
export interface PlanBasis {
  readonly backup: Snapshot;
  readonly live: Snapshot;
  readonly identity: Identity;
  readonly options: ScopedOptions;
}

export interface Plan extends PlanBasis {
  readonly tables: readonly TablePlan[];
  readonly warnings: readonly string[];
  /** Rows that differ from the backup and are left as they are, the first of them by name. */
  readonly differing: NamedRows;
  /** Not empty: the plan cannot be applied. */
  readonly problems: readonly Problem[];
  /** Inserts, updates and deletes in all. */
  readonly changeCount: number;
}

/** Whether rows of this table take part. */
export function isIncluded(table: string, options: PlanOptions): boolean {
  return options.restoreAccess || !ACCESS_TABLES.has(table);
}

/** Whether rows of this table may be other in the database than in the backup. */
export function isTranslated(table: TableSchema, identity: Identity, options: ScopedOptions): boolean {
  return (
    referenceColumns(table).length > 0 &&
    (identity.translation.size > 0 ||
      !options.restoreAccess ||
      options.scopeRules !== undefined ||
      mayReferToLearned(table, options))
  );
}

/** Whether rows of this table can refer to rows that are left to ovn-ic. */
function mayReferToLearned(table: TableSchema, { learned }: PlanOptions): boolean {
  return (
    learned !== undefined &&
    referenceColumns(table).some(({ key, value }) =>
      [key, value].some((to) => to !== undefined && learned.backup.has(to.table)),
    )
  );
}

/**
 * A row of the backup as it is to be in the database: references point at live rows; those to tables and rows left out
 * are dropped.
 */
export function translateRow(table: TableSchema, row: Row, identity: Identity, options: ScopedOptions): Row {
  if (!isTranslated(table, identity, options)) return row;
  const columns = referenceColumns(table);
  const changed: Record<string, Row[string] | undefined> = {};
  for (const reference of columns) {
    const value = row[reference.column.name];
    if (value === undefined) continue;
    changed[reference.column.name] = rewriteReferences(reference, value, (uuid, to) =>
      isIncluded(to, options) &&
      !(options.learned && isLeftToOvnIc(options.learned, to, uuid, identity.translation.get(uuid))) &&
      (options.scopeRules === undefined || options.scopeRules.refersTo(to, uuid))
        ? (identity.translation.get(uuid) ?? uuid)
        : undefined,
    );
  }
  return Object.fromEntries(
    Object.entries({ ...row, ...changed }).filter((entry): entry is [string, Row[string]] => entry[1] !== undefined),
  );
}

/** The update of a row of the backup. */
export function updateOf({ table, updates }: TablePlan, identity: Identity, index: number): RowUpdate | undefined {
  return updates.get(identity.matches.get(table.name)?.[index] ?? NO_MATCH);
}

/** What an update writes, column by column; one that becomes empty is there and undefined. */
export function valuesAfter({ columns, members }: RowUpdate): { readonly [column: string]: Value | undefined } {
  return Object.fromEntries([...columns, ...members].map(({ column, after }) => [column.name, after]));
}

/** A live row as the update makes it. */
export function rowAfter(row: Row, update: RowUpdate): Row {
  const entries = Object.entries({ ...row, ...valuesAfter(update) });
  return Object.fromEntries(entries.filter((entry): entry is [string, Value] => entry[1] !== undefined));
}

/** Outcomes of rows that differ from the backup and are left as they are, and of those that are left out. */
const DIFFERING: ReadonlySet<number> = new Set([
  OUTCOME.EXISTS,
  OUTCOME.NOT_HELD,
  OUTCOME.ACCESS,
  OUTCOME.ACCESS_DIFFERING,
  OUTCOME.LEARNED,
  OUTCOME.LEARNED_DIFFERING,
  OUTCOME.OWN_CONNECTION,
]);

export interface TableCounts {
  readonly total: number;
  readonly restored: number;
  readonly skipped: number;
  /** Of those skipped: rows that differ from the backup, or that only one side has. */
  readonly differing: number;
  readonly deleted: number;
  readonly failed: number;
}

export function countOutcomes(plan: TablePlan): TableCounts {
  const { INSERT, UPDATE, DELETE, SKIP } = countChanges(plan);
  const restored = INSERT + UPDATE;
  let failed = 0;
  let differing = plan.spared.size;
  for (const outcome of plan.outcomes) {
    if (outcome === OUTCOME.FAILED) failed++;
    else if (DIFFERING.has(outcome)) differing++;
  }
  return { total: restored + SKIP + failed, restored, skipped: SKIP, differing, deleted: DELETE, failed };
}

/** Kind of change -> rows, as plan-changes.ts describes them. */
export function countChanges({ outcomes, updates, deletes, spared }: TablePlan): {
  readonly INSERT: number;
  readonly UPDATE: number;
  readonly DELETE: number;
  readonly SKIP: number;
} {
  const counts = { INSERT: 0, UPDATE: updates.size, DELETE: deletes.length, SKIP: spared.size };
  for (const outcome of outcomes) {
    if (outcome === OUTCOME.INSERT) counts.INSERT++;
    else if (outcome !== OUTCOME.UPDATE && outcome !== OUTCOME.FAILED && outcome !== OUTCOME.OUT) counts.SKIP++;
  }
  return counts;
}
