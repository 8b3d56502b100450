/**
 * Runtime state: columns and keys that programs write while they run, northd, ovn-ic and ovsdb-server (from ovn-nb(5))
 * and systems such as Neutron, and that configure nothing. They are captured, but a row that is live keeps its own:
 * they are no difference, and are neither guarded nor verified. A row that comes back gets them back too, so that
 * addresses, tags and MACs are not handed out anew.
 */
import type { ColumnSchema, DatabaseSchema, TableSchema } from '../../ovsdb/database-schema.js';
import type { Row, Value } from '../row/row.js';
import { VSWITCH_RUNTIME_COLUMNS } from '../vswitch/vswitch-tables.js';

/** Table -> columns that are runtime state in every row. */
const RUNTIME_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  ...VSWITCH_RUNTIME_COLUMNS,
  NB_Global: ['nb_cfg', 'nb_cfg_timestamp', 'sb_cfg', 'sb_cfg_timestamp', 'hv_cfg', 'hv_cfg_timestamp'],
  Connection: ['is_connected', 'status'],
  Logical_Switch_Port: ['up', 'dynamic_addresses'],
  Logical_Switch_Port_Health_Check: ['status'],
  Logical_Router_Port: ['ipv6_prefix', 'status'],
  BFD: ['status'],
  Network_Function_Group: ['network_function_active'],
};

/** A key of a map column that somebody writes all the time, and that configures nothing. */
export interface RuntimeKey {
  readonly table: string;
  readonly column: string;
  readonly key: string;
}

const KNOWN_KEYS: readonly RuntimeKey[] = [
  // northd
  ...keysOf('NB_Global', 'options', [
    'mac_prefix',
    'svc_monitor_mac',
    'svc_monitor_mac_dst',
    'max_tunid',
    'northd_internal_version',
    'sbctl_probe_interval',
  ]),
  // ovn-kubernetes: its end-to-end probe, every 30 seconds
  ...keysOf('NB_Global', 'options', ['e2e_timestamp']),
  // Neutron
  ...keysOf('NB_Global', 'external_ids', ['neutron:liveness_check_at']),
];

function keysOf(table: string, column: string, keys: readonly string[]): readonly RuntimeKey[] {
  return keys.map((key) => ({ table, column, key }));
}

const NO_KEYS: ReadonlySet<string> = new Set();
/** "TABLE.COLUMN" -> keys. */
const KNOWN_KEY_SETS = keySets(KNOWN_KEYS);

function keySets(keys: readonly RuntimeKey[]): ReadonlyMap<string, ReadonlySet<string>> {
  const sets = new Map<string, Set<string>>();
  for (const { table, column, key } of keys) {
    const place = `${table}.${column}`;
    sets.set(place, (sets.get(place) ?? new Set()).add(key));
  }
  return sets;
}

/**
 * Every platform has a heartbeat of its own: in this database these keys are runtime state too, besides the known ones.
 * Said of its schema, they are known wherever a row is looked at.
 */
export function withAddedKeys(schema: DatabaseSchema, added: readonly RuntimeKey[]): DatabaseSchema {
  if (added.length === 0) return schema;
  const sets = keySets(added);
  const columnOf = (table: string, column: ColumnSchema): ColumnSchema => {
    const place = `${table}.${column.name}`;
    const keys = sets.get(place);
    const known = column.runtimeKeys ?? KNOWN_KEY_SETS.get(place) ?? NO_KEYS;
    return keys === undefined ? column : { ...column, runtimeKeys: new Set([...known, ...keys]) };
  };
  const tables = [...schema.tables.values()].map((table): [string, TableSchema] => {
    const columns = [...table.columns].map(([name, column]): [string, ColumnSchema] => [
      name,
      columnOf(table.name, column),
    ]);
    return [table.name, { ...table, columns: new Map(columns) }];
  });
  return { ...schema, tables: new Map(tables) };
}

/** True for a column that is runtime state in this row (`row` decides for a port's tag). */
export function isRuntimeColumn(table: string, column: string, row: Row): boolean {
  if (RUNTIME_COLUMNS[table]?.includes(column) === true) return true;
  // northd chooses the tag where one was requested; elsewhere it is configuration
  return table === 'Logical_Switch_Port' && column === 'tag' && row['tag_request'] !== undefined;
}

/** Keys of this map column that are runtime state. */
export function runtimeKeys(table: TableSchema, column: string): ReadonlySet<string> {
  return table.columns.get(column)?.runtimeKeys ?? KNOWN_KEY_SETS.get(`${table.name}.${column}`) ?? NO_KEYS;
}

/** A map without its runtime keys; undefined when none is left. */
export function withoutRuntimeKeys(table: TableSchema, column: string, value: Value | undefined): Value | undefined {
  const keys = runtimeKeys(table, column);
  if (keys.size === 0 || value === undefined || typeof value !== 'object' || Array.isArray(value)) return value;
  const rest = Object.entries(value).filter(([key]) => !keys.has(key));
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}
