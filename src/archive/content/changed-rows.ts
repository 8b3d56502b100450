/** The changed rows of an incremental archive: as they are written, and as they are read and applied to the parent. */
import { assert } from '../../lib/assert.js';
import { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import { encodeRow, parseRow, type Row, type Value } from '../../model/row/row.js';
import { EditableRows } from '../../model/snapshot/editable-rows.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import { columnChanges, type DifferenceCounts } from '../../model/snapshot/snapshot-difference.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { isObject, parseJson, stringifyJson } from '../../ovsdb/json.js';
import type { ArchiveHeader } from './archive-header.js';
import { type Content, DOCUMENT_FORMAT, digestedContent, type Reading, type Writing } from './content.js';
import { canonicalText, checkUuid } from './snapshot-builder.js';

export const CHANGE_KINDS = ['inserted', 'updated', 'deleted'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

export function isChangeKind(text: string): text is ChangeKind {
  return CHANGE_KINDS.some((kind) => kind === text);
}

export interface WrittenRow {
  readonly table: string;
  readonly kind: ChangeKind;
  readonly uuid: string;
  /** JSON: of an updated row its columns before and after, of any other the row in plain notation. */
  readonly text: string;
}

/** The rows to write, in the order of tables, kinds and UUIDs; counted in `writing`. */
export function* changedRows(writing: Writing): Generator<WrittenRow> {
  assert(writing.difference !== undefined, 'there are no changes to write');
  for (const { before, after, inserted, updated, deleted } of writing.difference.tables) {
    const { table } = after;
    for (const at of inserted) {
      writing.rows++;
      yield { table, kind: 'inserted', uuid: after.uuid(at), text: after.text(at).toString() };
    }
    for (const [was, is] of updated) {
      writing.rows++;
      const text = stringifyJson(columnChanges(before.row(was), after.row(is)));
      yield { table, kind: 'updated', uuid: after.uuid(is), text };
    }
    for (const at of deleted) {
      writing.rows++;
      yield { table, kind: 'deleted', uuid: before.uuid(at), text: before.text(at).toString() };
    }
  }
}

/** Of one table: UUID -> what happened to the row. */
type ChangesOfTable = Map<string, Pick<WrittenRow, 'kind' | 'text'>>;

/** Gathers the changed rows of an archive, whose schema is the parent's and not known while they come. */
export class ReadChanges {
  private readonly tables = new Map<string, ChangesOfTable>();

  get count(): number {
    return CHANGE_KINDS.reduce((sum, kind) => sum + this.counts[kind], 0);
  }

  get counts(): DifferenceCounts {
    const counts = { inserted: 0, updated: 0, deleted: 0 };
    for (const rows of this.tables.values()) for (const { kind } of rows.values()) counts[kind]++;
    return counts;
  }

  /**
   * @param text JSON of any layout
   * @throws AppError INTEGRITY_FAILED for what is no UUID, and for a row that is there twice
   */
  add({ table, kind, uuid, text }: WrittenRow): void {
    checkUuid(table, uuid);
    const rows = this.tables.get(table) ?? (new Map() as ChangesOfTable);
    this.tables.set(table, rows);
    if (rows.has(uuid))
      throw new AppError(
        'INTEGRITY_FAILED',
        `The archive holds the row ${uuid} of table ${table.slice(0, 100)} twice. Take another copy of the backup`,
        { place: { table: table.slice(0, 100), label: uuid } },
      );
    rows.set(uuid, { kind, text });
  }

  /**
   * The parent with the changes. It shares the parent's rows.
   * @throws AppError INTEGRITY_FAILED for what does not fit the schema, or the parent
   */
  async applyTo(parent: Snapshot): Promise<Snapshot> {
    const breath = new Breath();
    const tables = new Map<string, TableRows>(parent.tables);
    for (const [name, changes] of this.tables) {
      const schema = parent.schema.tables.get(name);
      const rows = parent.tables.get(name);
      if (schema === undefined || rows === undefined)
        throw misfit(`it has rows of a table "${name.slice(0, 100)}", which that one does not have`);
      const edited = EditableRows.onTopOf(rows);
      for (const [uuid, { kind, text }] of changes) {
        applyRow(edited, schema, { table: name, kind, uuid, text });
        if (breath.due()) await breath.rest();
      }
      tables.set(name, edited.seal());
    }
    return { schema: parent.schema, tables };
  }
}

interface ChangesDocument {
  readonly changes: ReadChanges;
  readonly header: ArchiveHeader | undefined;
  /** The digest that the document ends with. */
  readonly trailer: string | undefined;
  /** There are rows in it that are no changes. */
  readonly hasRows: boolean;
}

/** What there is after the changes, all of it checked. @throws AppError INTEGRITY_FAILED */
export async function changedContent(
  { changes, header, trailer, hasRows }: ChangesDocument,
  reading: Reading,
): Promise<Content> {
  if (header?.parent === undefined)
    throw new AppError(
      'INTEGRITY_FAILED',
      'The document holds changes, and its manifest does not say of which backup: "type" has to be "INCREMENTAL". ' +
        'Take another copy of the backup',
    );
  if (hasRows)
    throw new AppError(
      'INTEGRITY_FAILED',
      'The document holds changes, and rows that are under none of "inserted", "updated" and "deleted". Take another ' +
        'copy of the backup',
    );
  const { counts } = changes;
  if (CHANGE_KINDS.some((kind) => header.changes?.[kind] !== counts[kind]))
    throw new AppError(
      'INTEGRITY_FAILED',
      `The document's manifest says that it holds ${JSON.stringify(header.changes)}, and it holds ` +
        `${JSON.stringify(counts)}. Take another copy of the backup`,
    );
  const snapshot = await changes.applyTo(await reading.parentOf(header.parent));
  return digestedContent(snapshot, header, trailer, reading);
}

/** The error for changes in a document of all rows. */
export function strayChanges(): AppError {
  return new AppError(
    'INTEGRITY_FAILED',
    `The document is of the format ${DOCUMENT_FORMAT}, which holds all rows, and has changes in it. Take another ` +
      'copy of the backup',
  );
}

function applyRow(rows: EditableRows, schema: TableSchema, { table, kind, uuid, text }: WrittenRow): void {
  const row = rows.row(uuid);
  const written = (): string => canonicalText(schema, uuid, () => parseRow(text));
  switch (kind) {
    case 'inserted':
      if (row !== undefined) throw misfit(`it inserts the row ${uuid} of ${table}, which is there already`);
      rows.put(uuid, written());
      break;
    case 'updated':
      if (row === undefined) throw misfit(`it updates the row ${uuid} of ${table}, which is not there`);
      rows.put(
        uuid,
        canonicalText(schema, uuid, () => updatedRow(row, { table, uuid, text })),
      );
      break;
    case 'deleted':
      if (row === undefined || encodeRow(schema, row, uuid) !== written())
        throw misfit(`it deletes the row ${uuid} of ${table}, which is not there, or is another`);
      rows.delete(uuid);
  }
}

function updatedRow(before: Row, { table, uuid, text }: Pick<WrittenRow, 'table' | 'uuid' | 'text'>): Row {
  const changes = parseJson(text);
  if (!isObject(changes)) throw misfit(`its changes of the columns of row ${uuid} of ${table} are not an object`);
  const row: Record<string, Value> = { ...before };
  for (const [column, change] of Object.entries(changes)) {
    if (!isObject(change))
      throw misfit(`its change of ${column.slice(0, 100)} of row ${uuid} of ${table} is not an object`);
    const { before: was, after: is } = change as { readonly before?: Value; readonly after?: Value };
    if (stringifyJson(row[column] ?? null) !== stringifyJson(was ?? null))
      throw misfit(`it changes ${column.slice(0, 100)} of row ${uuid} of ${table}, which has another value there`);
    if (is === undefined) Reflect.deleteProperty(row, column);
    else row[column] = is;
  }
  return row;
}

function misfit(what: string): AppError {
  return new AppError(
    'INTEGRITY_FAILED',
    `The incremental archive does not fit the backup that it builds on: ${what}. Take another copy of the two`,
  );
}
