/**
 * Natural keys: what tells rows apart where the schema has no index (from ovn-nb(5) and the systems that write it).
 */
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { stringifyJson } from '../../ovsdb/json.js';
import type { Row, Value } from '../row/row.js';
import { VSWITCH_NATURAL_KEYS } from '../vswitch/vswitch-tables.js';
import { withoutRuntimeKeys } from './runtime.js';

/** A column, or certain keys of a map column. */
type KeyPart = string | { readonly map: string; readonly keys: readonly string[] };
/** The first part must be there for a row to have the key; the others may be absent. */
type Key = readonly [KeyPart, ...KeyPart[]];

/**
 * Table -> keys in order, of which a row has the first whose first part it has. Names are not unique in practice, and
 * an empty one is none.
 */
const NATURAL_KEYS: Readonly<Record<string, readonly [Key, ...Key[]]>> = {
  ...VSWITCH_NATURAL_KEYS,
  // a switch of ovn-ic's is known by its transit switch; other systems put their own id into external_ids
  Logical_Switch: [['name'], [{ map: 'other_config', keys: ['interconn-ts'] }], ['external_ids']],
  Logical_Router: [['name'], ['external_ids']],
  Load_Balancer: [
    ['name', 'protocol'],
    ['vips', 'protocol'],
  ],
  Load_Balancer_Health_Check: [['vip']],
  Forwarding_Group: [['name']],
  // before 22.03 it had no name
  Copp: [['name'], ['meters']],
  ACL: [['direction', 'priority', 'match', 'tier']],
  // the second is that of Open vSwitch, which calls something else by that name
  QoS: [
    ['direction', 'priority', 'match'],
    ['type', 'other_config', 'external_ids'],
  ],
  Meter_Band: [['action', 'rate', 'burst_size']],
  Mirror_Rule: [['action', 'priority', 'match']],
  Logical_Router_Static_Route: [['ip_prefix', 'policy', 'route_table', 'nexthop', 'output_port']],
  Logical_Router_Policy: [['match', 'priority', 'chain']],
  NAT: [['type', 'external_ip', 'logical_ip', 'logical_port', 'external_port_range', 'match', 'priority']],
  DHCP_Options: [
    [{ map: 'external_ids', keys: ['subnet_id'] }, 'cidr', { map: 'external_ids', keys: ['port_id'] }],
    ['cidr', 'external_ids'],
  ],
  DHCP_Relay: [['name']],
  DNS: [[{ map: 'external_ids', keys: ['ls_name'] }], ['records', 'external_ids']],
  HA_Chassis: [['chassis_name']],
  Logical_Switch_Port_Health_Check: [['protocol', 'port', 'src_ip', 'address']],
};

/** Columns of the table's natural key, undefined where there is none. */
export function naturalKey(table: string): readonly string[] | undefined {
  return NATURAL_KEYS[table]?.[0].map(columnOf);
}

const columnOf = (part: KeyPart): string => (typeof part === 'string' ? part : part.map);

/** The row's natural key as text, undefined for a row that has none. Equal texts are equal keys. */
export function naturalKeyOf(table: TableSchema, row: Row): string | undefined {
  const key = keyOf(table, row);
  if (key === undefined) return undefined;
  const values = key.map((part) => valueOf(table, row, part) ?? null);
  return `${key.map(columnOf).join(', ')} = ${stringifyJson(values)}`;
}

/** A column, and of a map those of its keys that count. */
export interface KeyColumn {
  readonly column: string;
  readonly keys?: readonly string[];
}

/** What the natural key that the row has is made of, undefined for a row that has none. */
export function naturalKeyColumns(table: TableSchema, row: Row): readonly KeyColumn[] | undefined {
  return keyOf(table, row)?.map((part) =>
    typeof part === 'string' ? { column: part } : { column: part.map, keys: part.keys },
  );
}

function keyOf(table: TableSchema, row: Row): Key | undefined {
  return NATURAL_KEYS[table.name]?.find(([first]) => valueOf(table, row, first) !== undefined);
}

function valueOf(table: TableSchema, row: Row, part: KeyPart): Value | undefined {
  if (typeof part === 'string') return withoutRuntimeKeys(table, part, row[part]);
  const map = row[part.map];
  if (map === undefined || typeof map !== 'object' || Array.isArray(map)) return undefined;
  const pairs = part.keys.flatMap((key) =>
    Object.hasOwn(map, key) ? [[key, (map as Readonly<Record<string, string>>)[key] as string] as const] : [],
  );
  return pairs.length === 0 ? undefined : pairs;
}
