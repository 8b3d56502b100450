/**
 * Lost rows: when a row cannot be taken into another schema, what becomes of the others. References to it are dropped;
 * a row that must have the reference is lost as well, and so is a row of a non-root table that nothing holds any more.
 * In the end no reference leads nowhere, and the server drops no row.
 */
import type { Breath } from '../../lib/breath.js';
import { nounOf } from '../../model/northbound/noun.js';
import { heldRows } from '../../model/reference/holding.js';
import { referenceColumns, referencesIn, rewriteReferences } from '../../model/reference/reference.js';
import { encodeRow, type Row, type Value } from '../../model/row/row.js';
import { EditableRows } from '../../model/snapshot/editable-rows.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import type { DatabaseSchema, TableSchema } from '../../ovsdb/database-schema.js';

export interface LostFollowers {
  readonly table: string;
  readonly count: number;
  /** "refer to rows left out", "no row holds" */
  readonly reason: string;
}

const NEEDS = 'cannot be without a row that is left out';
const UNHELD = 'no row holds any more';

/** Rows that are left out. */
export class LostRows {
  private readonly tables: ReadonlyMap<string, Set<string>>;
  private readonly counts = new Map<string, { table: string; count: number; reason: string }>();
  private total = 0;

  constructor(schema: DatabaseSchema) {
    this.tables = new Map([...schema.tables.keys()].map((name) => [name, new Set()]));
  }

  get count(): number {
    return this.total;
  }

  /** @param reason given when the row is lost because another one is */
  add(table: string, uuid: string, reason?: string): boolean {
    if (this.has(table, uuid)) return false;
    this.tables.get(table)?.add(uuid);
    this.total++;
    if (reason === undefined) return true;
    const key = `${table} ${reason}`;
    const before = this.counts.get(key);
    this.counts.set(key, { table, reason, count: (before?.count ?? 0) + 1 });
    return true;
  }

  has(table: string, uuid: string): boolean {
    return this.tables.get(table)?.has(uuid) === true;
  }

  of(table: string): ReadonlySet<string> {
    return this.tables.get(table) ?? new Set();
  }

  /** Rows that were lost because others were. */
  followers(): readonly LostFollowers[] {
    return [...this.counts.values()];
  }
}

/**
 * Drops references to lost rows, and the rows that cannot be without them; both become part of `lost`. Rows that
 * change are held in memory.
 */
export async function dropUnsupported(snapshot: Snapshot, lost: LostRows, breath: Breath): Promise<Snapshot> {
  const { schema, tables } = snapshot;
  // each round may lose rows that others referred to
  for (let before = -1; before !== lost.count; ) {
    before = lost.count;
    await loseUnheld(schema, tables, lost, breath);
    await loseNeedy(schema, tables, lost, breath);
  }
  if (lost.count === 0) return snapshot;
  const kept = new Map<string, TableRows>();
  for (const [name, rows] of tables)
    kept.set(name, await withoutLost(schema.tables.get(name) as TableSchema, rows, lost, breath));
  return { schema, tables: kept };
}

/**
 * A backup that others wrote, without the rows that a server would drop at once: those of non-root tables that nothing
 * holds. No database has such rows, but a document that was edited may.
 * @returns notes that say what is left out
 */
export async function withoutUnheld(
  backup: Snapshot,
  breath: Breath,
): Promise<{ readonly snapshot: Snapshot; readonly notes: readonly string[] }> {
  const lost = new LostRows(backup.schema);
  const snapshot = await dropUnsupported(backup, lost, breath);
  return {
    snapshot,
    notes: lost
      .followers()
      .map(({ table, count: rows, reason }) => `Left out: ${nounOf(table)} rows that ${reason} (${rows})`),
  };
}

/** Rows of non-root tables that no kept row holds, and what only those hold. */
async function loseUnheld(
  schema: DatabaseSchema,
  tables: Snapshot['tables'],
  lost: LostRows,
  breath: Breath,
): Promise<void> {
  const held = await heldRows(schema, tables, breath, (table, uuid) => lost.has(table, uuid));
  for (const [name, known] of held) {
    const rows = tables.get(name);
    for (let i = 0; rows !== undefined && i < rows.count; i++) {
      if (known[i] === 0) lost.add(name, rows.uuid(i), UNHELD);
      if (breath.due()) await breath.rest();
    }
  }
}

/** Rows of which too few references are left. */
async function loseNeedy(
  schema: DatabaseSchema,
  tables: Snapshot['tables'],
  lost: LostRows,
  breath: Breath,
): Promise<void> {
  for (const [name, rows] of tables) {
    const table = schema.tables.get(name) as TableSchema;
    const needy = referenceColumns(table).filter(
      ({ column, key, value }) =>
        column.min > 0 && [key, value].some((to) => to !== undefined && lost.of(to.table).size > 0),
    );
    for (let i = 0; needy.length > 0 && i < rows.count; i++) {
      if (!lost.has(name, rows.uuid(i))) {
        const row = rows.row(i);
        if (
          needy.some(
            (column) =>
              count(rewriteReferences(column, row[column.column.name] as Value, keep(lost))) < column.column.min,
          )
        )
          lost.add(name, rows.uuid(i), NEEDS);
      }
      if (breath.due()) await breath.rest();
    }
  }
}

const keep =
  (lost: LostRows) =>
  (uuid: string, table: string): string | undefined =>
    lost.has(table, uuid) ? undefined : uuid;

function count(value: Value | undefined): number {
  if (value === undefined) return 0;
  return typeof value !== 'object' ? 1 : Array.isArray(value) ? value.length : Object.keys(value).length;
}

async function withoutLost(table: TableSchema, rows: TableRows, lost: LostRows, breath: Breath): Promise<TableRows> {
  const kept = new EditableRows(rows);
  for (const uuid of lost.of(table.name)) kept.delete(uuid);
  const columns = referenceColumns(table).filter(({ key, value }) =>
    [key, value].some((to) => to !== undefined && lost.of(to.table).size > 0),
  );
  for (let i = 0; columns.length > 0 && i < rows.count; i++) {
    const uuid = rows.uuid(i);
    if (!lost.has(table.name, uuid)) {
      const text = withoutReferences(table, rows.row(i), columns, lost, uuid);
      if (text !== undefined) kept.put(uuid, text);
    }
    if (breath.due()) await breath.rest();
  }
  return kept.seal();
}

function withoutReferences(
  table: TableSchema,
  row: Row,
  columns: ReturnType<typeof referenceColumns>,
  lost: LostRows,
  uuid: string,
): string | undefined {
  const changed: Record<string, Value | undefined> = {};
  for (const column of columns) {
    const { name } = column.column;
    const before = row[name];
    if (
      before === undefined ||
      !referencesIn(column, before).some((reference) => lost.has(reference.table, reference.uuid))
    )
      continue;
    changed[name] = rewriteReferences(column, before, keep(lost));
  }
  if (Object.keys(changed).length === 0) return undefined;
  return encodeRow(
    table,
    Object.fromEntries(
      Object.entries({ ...row, ...changed }).filter((entry): entry is [string, Value] => entry[1] !== undefined),
    ),
    uuid,
  );
}
