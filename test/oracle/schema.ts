/** The oracle's own reading of a database schema (RFC 7047, section 3.2), straight from its JSON. Pure. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Base {
  readonly type: string;
  readonly enum?: readonly (string | number)[];
  readonly minInteger: number;
  readonly maxInteger: number;
  readonly maxLength: number;
}

export interface Reference {
  readonly table: string;
  readonly isStrong: boolean;
}

export interface Column {
  readonly name: string;
  readonly key: Base;
  /** Of a map. */
  readonly value?: Base;
  readonly min: number;
  readonly max: number;
  readonly isEphemeral: boolean;
  /** Where its values are UUIDs of rows. */
  readonly refersTo?: Reference;
}

export interface Table {
  readonly name: string;
  readonly isRoot: boolean;
  readonly maxRows: number;
  readonly indexes: readonly (readonly string[])[];
  readonly columns: ReadonlyMap<string, Column>;
}

/** A column by which rows own rows of another table. */
export interface Owner {
  readonly table: Table;
  readonly column: Column;
}

export interface Schema {
  readonly release: string;
  readonly file: string;
  readonly tables: ReadonlyMap<string, Table>;
  /** Table that is no root -> by what its rows are owned: sets where there are some, else single references. */
  readonly owners: ReadonlyMap<string, readonly Owner[]>;
}

type Json = Readonly<Record<string, unknown>>;

const FOLDER = fileURLToPath(new URL('../compat/schemas/', import.meta.url));

/** @param release such as 23.03 */
export function readSchema(release: string): Schema {
  const file = `${FOLDER}ovn-nb.${release}.ovsschema`;
  const { tables: described } = JSON.parse(readFileSync(file, 'utf8')) as { readonly tables: Record<string, Json> };
  const tables = new Map(Object.entries(described).map(([name, table]) => [name, readTable(name, table)]));
  return { release, file, tables, owners: ownersOf(tables) };
}

function readTable(name: string, table: Json): Table {
  const columns = Object.entries(table['columns'] as Record<string, Json>);
  return {
    name,
    isRoot: table['isRoot'] === true,
    maxRows: (table['maxRows'] as number | undefined) ?? Infinity,
    indexes: (table['indexes'] as string[][] | undefined) ?? [],
    columns: new Map(columns.map(([column, description]) => [column, readColumn(column, description)])),
  };
}

function readColumn(name: string, { type, ephemeral }: Json): Column {
  const whole = (typeof type === 'string' ? { key: type } : type) as Json;
  const key = (typeof whole['key'] === 'string' ? { type: whole['key'] } : whole['key']) as Json;
  const value = typeof whole['value'] === 'string' ? { type: whole['value'] } : (whole['value'] as Json | undefined);
  const table = key['refTable'] as string | undefined;
  if (value?.['refTable'] !== undefined) throw new Error(`${name} is a map of references: the oracle knows none`);
  return {
    name,
    key: readBase(key),
    ...(value === undefined ? {} : { value: readBase(value) }),
    min: (whole['min'] as number | undefined) ?? 1,
    max: whole['max'] === 'unlimited' ? Infinity : ((whole['max'] as number | undefined) ?? 1),
    isEphemeral: ephemeral === true,
    ...(table === undefined ? {} : { refersTo: { table, isStrong: key['refType'] !== 'weak' } }),
  };
}

function readBase(base: Json): Base {
  const allowed = base['enum'] as readonly [string, (string | number)[]] | string | number | undefined;
  return {
    type: base['type'] as string,
    ...(allowed === undefined ? {} : { enum: Array.isArray(allowed) ? allowed[1] : [allowed as string | number] }),
    minInteger: (base['minInteger'] as number | undefined) ?? 0,
    maxInteger: (base['maxInteger'] as number | undefined) ?? 1_000_000,
    maxLength: (base['maxLength'] as number | undefined) ?? Infinity,
  };
}

function ownersOf(tables: ReadonlyMap<string, Table>): ReadonlyMap<string, readonly Owner[]> {
  const owners = new Map<string, readonly Owner[]>();
  for (const child of tables.values()) {
    if (child.isRoot) continue;
    const all = [...tables.values()].flatMap((table) =>
      [...table.columns.values()]
        .filter(({ refersTo }) => refersTo?.table === child.name && refersTo.isStrong)
        .map((column) => ({ table, column })),
    );
    const sets = all.filter(({ column }) => column.max > 1);
    owners.set(child.name, sets.length > 0 ? sets : all);
  }
  return owners;
}

export function tableOf(schema: Schema, name: string): Table {
  const table = schema.tables.get(name);
  if (table === undefined) throw new Error(`OVN ${schema.release} has no table ${name}`);
  return table;
}

export function referenceColumns(table: Table): readonly (Column & { readonly refersTo: Reference })[] {
  return [...table.columns.values()].filter(
    (column): column is Column & { readonly refersTo: Reference } => column.refersTo !== undefined,
  );
}
