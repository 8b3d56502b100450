/**
 * One table while a database file is replayed. Rows that were only inserted are kept as bytes;
 * those that were changed since, in a form where a difference costs what it is long, not what the set is long.
 */
import { AppError } from '../lib/error.js';
import { Breath } from '../lib/pause.js';
import { parseRow, RowError, type Atom, type Row, type Value } from '../model/row.js';
import { StoredRows } from '../model/snapshot.js';
import { mapEntries } from '../model/wire.js';
import type { ColumnSchema, TableSchema } from '../ovsdb/database-schema.js';
import { isObject, type Json } from '../ovsdb/json.js';
import { canonicalText } from './snapshot-builder.js';
import { columnOf, plainMap, plainRow, wireElements, wirePairs, type Pair } from './wire-row.js';

/** Elements of a set, pairs of a map, by the text of the element or key; a scalar has one element. */
type Elements = Map<string, Atom | Pair>;
type ChangedRow = Map<string, Elements>;

/** With more changed rows in memory they are turned back into bytes. */
const CHANGED_ROWS_MAX = 20_000;

export class ReplayedTable {
  private rows: StoredRows;
  /** Every row, and where its bytes are; what is in `changed` counts before them. */
  private places = new Map<string, number>();
  private readonly changed = new Map<string, ChangedRow>();

  constructor(private readonly schema: TableSchema) {
    this.rows = new StoredRows(schema.name);
  }

  get name(): string {
    return this.schema.name;
  }

  /** True when `settle` is due. */
  get isCrowded(): boolean {
    return this.changed.size > CHANGED_ROWS_MAX;
  }

  has(uuid: string): boolean {
    return this.places.has(uuid);
  }

  /** @throws AppError INTEGRITY_FAILED when the row does not fit the schema */
  insert(uuid: string, json: Json): void {
    const text = canonicalText(this.schema, uuid, () => plainRow(this.schema, json, uuid));
    this.places.set(uuid, this.rows.count);
    this.rows.add(uuid, text);
  }

  /** @throws AppError INTEGRITY_FAILED when there is no such row */
  remove(uuid: string): void {
    this.changed.delete(uuid);
    if (!this.places.delete(uuid)) throw new AppError('INTEGRITY_FAILED', `The database file deletes the row ${this.name} ${uuid.slice(0, 100)}, which was never inserted. Take another copy of the file`, { place: { table: this.name } });
  }

  /** Changes the columns in `json`. Whether the values are allowed is checked at the end. @throws AppError INTEGRITY_FAILED */
  change(uuid: string, json: Json, isDiff: boolean): void {
    if (!this.has(uuid)) {
      // deleted and inserted again by one record
      this.insert(uuid, json);
      return;
    }
    const row = this.changed.get(uuid) ?? this.opened(uuid);
    try {
      if (!isObject(json)) throw new RowError(`${this.name} ${uuid}: a row is an object`);
      for (const [name, value] of Object.entries(json)) {
        const column = columnOf(this.schema, name, uuid);
        // RFC 7047 knows no differences: ovsdb-server writes them where a column can hold more than one value
        row.set(name, changedElements(column, value, isDiff && column.max > 1 ? row.get(name) : undefined, `${this.name} ${uuid}, column ${name}`));
      }
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      throw new AppError('INTEGRITY_FAILED', `A row of the database file does not fit its schema: ${error.message}. Correct the row or the schema`, { cause: error, place: { table: this.name, label: uuid } });
    }
  }

  /** Turns everything into bytes again and drops what was deleted. @throws AppError INTEGRITY_FAILED */
  async settle(): Promise<StoredRows> {
    if (this.changed.size === 0 && this.places.size === this.rows.count) return this.rows;
    const breath = new Breath();
    const rows = new StoredRows(this.name);
    const places = new Map<string, number>();
    for (const [uuid, place] of this.places) {
      const changed = this.changed.get(uuid);
      places.set(uuid, rows.count);
      rows.add(uuid, changed === undefined ? this.rows.text(place) : canonicalText(this.schema, uuid, () => this.closed(changed, uuid)));
      if (breath.due()) await breath.rest();
    }
    this.rows = rows;
    this.places = places;
    this.changed.clear();
    return rows;
  }

  private opened(uuid: string): ChangedRow {
    const place = this.places.get(uuid);
    const row = place === undefined ? {} : parseRow(this.rows.text(place).toString());
    const opened: ChangedRow = new Map(Object.entries(row).map(([name, value]) => [name, elementsOf(columnOf(this.schema, name, uuid), value)]));
    this.changed.set(uuid, opened);
    return opened;
  }

  private closed(changed: ChangedRow, uuid: string): Row {
    const values = [...changed].flatMap(([name, elements]): [string, Value][] => {
      const column = columnOf(this.schema, name, uuid);
      const place = `${this.name} ${uuid}, column ${name}`;
      if (column.kind === 'map') return [[name, plainMap(column, [...elements.values()] as Pair[], place)]];
      const atoms = [...elements.values()] as Atom[];
      if (column.kind === 'set') return [[name, atoms]];
      const [atom] = atoms;
      if (atoms.length > 1 || (atom === undefined && column.kind === 'scalar')) throw new RowError(`${place}: holds ${String(atoms.length)} values, exactly one is needed`);
      return atom === undefined ? [] : [[name, atom]];
    });
    return Object.fromEntries(values);
  }
}

function elementsOf(column: ColumnSchema, value: Value): Elements {
  if (column.kind === 'map') return byKey(mapEntries(value));
  return byAtom(column.kind === 'set' ? (value as readonly Atom[]) : [value as Atom]);
}

const byAtom = (atoms: readonly Atom[]): Elements => new Map(atoms.map((atom) => [String(atom), atom]));
const byKey = (pairs: readonly Pair[]): Elements => new Map(pairs.map((pair) => [String(pair[0]), pair]));

/** @param differsFrom the elements that `json` is the difference to; undefined when it is the whole value */
function changedElements(column: ColumnSchema, json: Json, differsFrom: Elements | undefined, place: string): Elements {
  const list = column.kind === 'map' ? wirePairs(column, json, place) : wireElements(column, json, place);
  const elements = column.kind === 'map' ? byKey(list as readonly Pair[]) : byAtom(list as readonly Atom[]);
  if (elements.size !== list.length) throw new RowError(`${place}: holds an element twice`);
  if (differsFrom === undefined) return elements;
  for (const [key, element] of elements) {
    const before = differsFrom.get(key);
    // what is in both goes; a pair with another value replaces the one that was there
    const isSame = before !== undefined && (column.kind !== 'map' || String((before as Pair)[1]) === String((element as Pair)[1]));
    if (isSame) differsFrom.delete(key);
    else differsFrom.set(key, element);
  }
  return differsFrom;
}
