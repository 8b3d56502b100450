/**
 * Rows and their changes in wire notation (RFC 7047, section 5.1) of any layout and order, value by value: as database
 * files of other programs have them, and as a server notifies of changes. (wire.ts reads what is many rows long.)
 *
 * A change of a column that can hold more than one value may be told as the difference to the value before: `_is_diff`
 * in files, "modify" of update2 (ovsdb-server(7), section 4.1.14). What is in both of a set and its difference goes,
 * what is only in the difference comes; of a map, a pair that is in both goes, and any other pair is set.
 */
import type { BaseType, ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { isObject, type Json } from '../../ovsdb/json.js';
import { type Atom, type Row, RowError, type Value } from './row.js';
import { mapEntries } from './wire-notation.js';

export type Pair = readonly [Atom, Atom];

/**
 * The elements of a value in wire notation: none or one for an optional, one for a scalar.
 * Types are not checked here but when the row is encoded.
 * @throws RowError on what is no wire notation of the column's kind
 */
export function wireElements(column: ColumnSchema, json: Json, place: string): readonly Atom[] {
  if (Array.isArray(json) && json[0] === 'set') {
    if (json.length !== 2 || !Array.isArray(json[1]))
      throw new RowError(`${place}: a set is written as ["set", [...]]`);
    return json[1].map((atom: Json) => plainAtom(column.key, atom, place));
  }
  return [plainAtom(column.key, json, place)];
}

/** The pairs of a map in wire notation. @throws RowError */
export function wirePairs(column: ColumnSchema, json: Json, place: string): readonly Pair[] {
  if (!Array.isArray(json) || json[0] !== 'map' || json.length !== 2 || !Array.isArray(json[1]))
    throw new RowError(`${place}: a map is written as ["map", [...]]`);
  return json[1].map((pair: Json): Pair => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new RowError(`${place}: a pair has a key and a value`);
    return [plainAtom(column.key, pair[0] as Json, place), plainAtom(column.value as BaseType, pair[1] as Json, place)];
  });
}

function plainAtom(base: BaseType, json: Json, place: string): Atom {
  if (base.type === 'uuid') {
    if (!Array.isArray(json) || json.length !== 2 || json[0] !== 'uuid' || typeof json[1] !== 'string')
      throw new RowError(`${place}: a UUID is written as ["uuid", "..."]`);
    return json[1];
  }
  if (json === null || typeof json === 'object')
    throw new RowError(`${place}: ${base.type} values are written as themselves`);
  return json;
}

/** A row in wire notation as a row in plain notation, its values still unchecked. @throws RowError */
export function plainRow(table: TableSchema, json: Json, uuid: string): Row {
  if (!isObject(json)) throw new RowError(`${table.name} ${uuid}: a row is an object`);
  return Object.fromEntries(
    Object.entries(json).flatMap(([name, value]): [string, Value][] => {
      const column = columnOf(table, name, uuid);
      const plain = plainValue(column, value, `${table.name} ${uuid}, column ${name}`);
      return plain === undefined ? [] : [[name, plain]];
    }),
  );
}

/** @throws RowError when the table has no such column */
export function columnOf(table: TableSchema, name: string, uuid: string): ColumnSchema {
  const column = table.columns.get(name);
  if (column === undefined) throw new RowError(`${table.name} ${uuid}: the schema has no column "${name}"`);
  return column;
}

function plainValue(column: ColumnSchema, json: Json, place: string): Value | undefined {
  if (column.kind === 'map') return plainMap(column, wirePairs(column, json, place), place);
  const atoms = wireElements(column, json, place);
  if (column.kind === 'set') return atoms;
  if (atoms.length > 1 || (atoms.length === 0 && column.kind === 'scalar'))
    throw new RowError(`${place}: holds ${atoms.length} values, exactly one is needed`);
  return atoms[0];
}

/** A map's value in plain notation. @throws RowError on a key that occurs twice, which an object could not show */
export function plainMap(column: ColumnSchema, pairs: readonly Pair[], place: string): Value {
  if (column.key.type !== 'string' && column.key.type !== 'uuid') return pairs;
  if (new Set(pairs.map(([key]) => key)).size !== pairs.length) throw new RowError(`${place}: the map has a key twice`);
  return Object.fromEntries(
    pairs.map(([key, value]): [string, Atom] => {
      if (typeof key !== 'string') throw new RowError(`${place}: ${key} is not a string`);
      return [key, value];
    }),
  );
}

/** Elements of a set, pairs of a map, by the text of the element or key; a scalar has one element. */
type Elements = Map<string, Atom | Pair>;

/** A row that is being changed, in a form where a difference costs what it is long, not what the set is long. */
export class ChangedRow {
  private readonly columns: Map<string, Elements>;

  /** @throws RowError when the table lacks a column of the row */
  constructor(
    private readonly table: TableSchema,
    private readonly uuid: string,
    row: Row,
  ) {
    this.columns = new Map(
      Object.entries(row).map(([name, value]) => [name, elementsOf(columnOf(table, name, uuid), value)]),
    );
  }

  /**
   * Changes the columns in `json`. Whether the values are allowed is not checked.
   * @param isDiff columns of more than one value come as differences
   * @throws RowError
   */
  change(json: Json, isDiff: boolean): void {
    if (!isObject(json)) throw new RowError(`${this.table.name} ${this.uuid}: a row is an object`);
    for (const [name, value] of Object.entries(json)) {
      const column = columnOf(this.table, name, this.uuid);
      // RFC 7047 knows no differences: ovsdb-server writes them where a column can hold more than one value
      const differsFrom = isDiff && column.max > 1 ? this.columns.get(name) : undefined;
      this.columns.set(name, changedElements(column, value, { differsFrom, place: this.place(name) }));
    }
  }

  /** Whether a set holds the atom, or a map the key. */
  holds(column: string, atom: Atom): boolean {
    return this.columns.get(column)?.has(String(atom)) === true;
  }

  /** The row as it is now, its values unchecked. @throws RowError */
  row(): Row {
    return Object.fromEntries(
      [...this.columns].flatMap(([name, elements]): [string, Value][] => {
        const column = columnOf(this.table, name, this.uuid);
        if (column.kind === 'map')
          return [[name, plainMap(column, [...elements.values()] as Pair[], this.place(name))]];
        const atoms = [...elements.values()] as Atom[];
        if (column.kind === 'set') return [[name, atoms]];
        const [atom] = atoms;
        if (atoms.length > 1 || (atom === undefined && column.kind === 'scalar'))
          throw new RowError(`${this.place(name)}: holds ${atoms.length} values, exactly one is needed`);
        return atom === undefined ? [] : [[name, atom]];
      }),
    );
  }

  private place(column: string): string {
    return `${this.table.name} ${this.uuid}, column ${column}`;
  }
}

function elementsOf(column: ColumnSchema, value: Value): Elements {
  if (column.kind === 'map') return byKey(mapEntries(value));
  return byAtom(column.kind === 'set' ? (value as readonly Atom[]) : [value as Atom]);
}

const byAtom = (atoms: readonly Atom[]): Elements => new Map(atoms.map((atom) => [String(atom), atom]));
const byKey = (pairs: readonly Pair[]): Elements => new Map(pairs.map((pair) => [String(pair[0]), pair]));

/** differsFrom: the elements that `json` is the difference to; undefined when it is the whole value. */
function changedElements(
  column: ColumnSchema,
  json: Json,
  { differsFrom, place }: { readonly differsFrom: Elements | undefined; readonly place: string },
): Elements {
  const list = column.kind === 'map' ? wirePairs(column, json, place) : wireElements(column, json, place);
  const elements = column.kind === 'map' ? byKey(list as readonly Pair[]) : byAtom(list as readonly Atom[]);
  if (elements.size !== list.length) throw new RowError(`${place}: holds an element twice`);
  if (differsFrom === undefined) return elements;
  for (const [key, element] of elements) {
    const before = differsFrom.get(key);
    const isSame =
      before !== undefined && (column.kind !== 'map' || String((before as Pair)[1]) === String((element as Pair)[1]));
    if (isSame) differsFrom.delete(key);
    else differsFrom.set(key, element);
  }
  return differsFrom;
}
