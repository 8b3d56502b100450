/**
 * A database's schema (RFC 7047, section 3.2) as get_schema answers it: read once into
 * frozen maps, tables and columns in the order of their names. The original JSON is kept, so that
 * a backup carries the schema unchanged.
 */
import { defined } from '../lib/defined.js';
import { isObject, type Json, type JsonObject, stringifyJson } from './json.js';

export type AtomType = 'integer' | 'real' | 'boolean' | 'string' | 'uuid';

export interface BaseType {
  readonly type: AtomType;
  /** The only values allowed, when the schema lists them. */
  readonly enum?: readonly Json[];
  readonly minInteger?: number | bigint;
  readonly maxInteger?: number | bigint;
  readonly minReal?: number;
  readonly maxReal?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  /** For uuid: the table that it refers to. */
  readonly refTable?: string;
  readonly refType?: 'strong' | 'weak';
}

/** scalar: exactly one; optional: at most one; set: any other number; map: key and value. */
export type ColumnKind = 'scalar' | 'optional' | 'set' | 'map';

export interface ColumnSchema {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly key: BaseType;
  readonly value?: BaseType;
  readonly min: number;
  /** Infinity for "unlimited". */
  readonly max: number;
  /** Not stored by a standalone server; nor restored by us. */
  readonly ephemeral: boolean;
  readonly mutable: boolean;
  /** No part of the schema: all keys of the map that are runtime state, where somebody has named one of them. */
  readonly runtimeKeys?: ReadonlySet<string>;
}

export interface TableSchema {
  readonly name: string;
  readonly columns: ReadonlyMap<string, ColumnSchema>;
  /** False: a row lives only while a strong reference holds it. */
  readonly isRoot: boolean;
  readonly maxRows: number;
  readonly indexes: readonly (readonly string[])[];
}

export interface DatabaseSchema {
  readonly name: string;
  readonly version: string;
  readonly tables: ReadonlyMap<string, TableSchema>;
  readonly json: JsonObject;
}

export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

const ATOM_TYPES: ReadonlySet<string> = new Set(['integer', 'real', 'boolean', 'string', 'uuid']);

const byName = (a: readonly [string, unknown], b: readonly [string, unknown]): number =>
  a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;

/** Reads a database schema. @throws SchemaError that names the place that is malformed */
export function readDatabaseSchema(json: Json): DatabaseSchema {
  const schema = object(json, 'the schema');
  const name = text(schema['name'], 'the schema\'s "name"');
  const version = schema['version'] === undefined ? '0.0.0' : text(schema['version'], 'the schema\'s "version"');
  const tables = Object.entries(object(schema['tables'], 'the schema\'s "tables"')).sort(byName);
  // RFC 7047: in a schema where no table says isRoot, all are roots
  const anyRoot = tables.some(([, table]) => isObject(table) && table['isRoot'] === true);
  return {
    name,
    version,
    tables: new Map(tables.map(([table, definition]) => [table, readTable(table, definition, !anyRoot)])),
    json: schema,
  };
}

function readTable(name: string, json: Json, rootByDefault: boolean): TableSchema {
  const table = object(json, `table ${name}`);
  const columns = Object.entries(object(table['columns'], `the columns of table ${name}`)).sort(byName);
  const indexes = table['indexes'] ?? [];
  if (!Array.isArray(indexes)) throw new SchemaError(`The schema's table ${name}: "indexes" is not an array`);
  const maxRows = table['maxRows'];
  return {
    name,
    columns: new Map(columns.map(([column, definition]) => [column, readColumn(name, column, definition)])),
    isRoot: rootByDefault || table['isRoot'] === true,
    maxRows: typeof maxRows === 'number' ? maxRows : Infinity,
    indexes: indexes.map((index) => {
      if (!Array.isArray(index))
        throw new SchemaError(`The schema's table ${name}: an index is not an array of columns`);
      return (index as readonly Json[]).map((column) => text(column, `an index of table ${name}`));
    }),
  };
}

function readColumn(table: string, name: string, json: Json): ColumnSchema {
  const place = `column ${table}.${name}`;
  const definition = object(json, place);
  const type = definition['type'];
  const full: JsonObject = typeof type === 'string' ? { key: type } : object(type, `the type of ${place}`);
  const min = typeof full['min'] === 'number' ? full['min'] : 1;
  const max = full['max'] === 'unlimited' ? Infinity : typeof full['max'] === 'number' ? full['max'] : 1;
  const key = readBaseType(full['key'], place);
  const value = full['value'] === undefined ? undefined : readBaseType(full['value'], place);
  return {
    name,
    kind: value !== undefined ? 'map' : max > 1 ? 'set' : min === 0 ? 'optional' : 'scalar',
    key,
    ...defined({ value }),
    min,
    max,
    ephemeral: definition['ephemeral'] === true,
    mutable: definition['mutable'] !== false,
  };
}

function readBaseType(json: Json | undefined, place: string): BaseType {
  const base: JsonObject = typeof json === 'string' ? { type: json } : object(json, `the type of ${place}`);
  const type = base['type'];
  if (typeof type !== 'string' || !ATOM_TYPES.has(type))
    throw new SchemaError(
      `The schema's ${place} has no atomic type that RFC 7047 knows: ${stringifyJson(type ?? null)}`,
    );
  const listed = base['enum'];
  const refTable = base['refTable'];
  return {
    type: type as AtomType,
    // "enum" is a set in wire notation: ["set", [a, b]] or one atom
    ...(listed === undefined
      ? {}
      : { enum: Array.isArray(listed) && listed[0] === 'set' ? (listed[1] as readonly Json[]) : [listed] }),
    ...numbers(base),
    ...(typeof refTable === 'string'
      ? { refTable, refType: base['refType'] === 'weak' ? ('weak' as const) : ('strong' as const) }
      : {}),
  };
}

function numbers(base: JsonObject): Partial<BaseType> {
  const names = ['minInteger', 'maxInteger', 'minReal', 'maxReal', 'minLength', 'maxLength'] as const;
  return Object.fromEntries(names.filter((name) => base[name] !== undefined).map((name) => [name, base[name]]));
}

function object(json: Json | undefined, what: string): JsonObject {
  if (!isObject(json)) throw new SchemaError(`In the schema, ${what} is not an object`);
  return json;
}

function text(json: Json | undefined, what: string): string {
  if (typeof json !== 'string') throw new SchemaError(`In the schema, ${what} is not a string`);
  return json;
}
