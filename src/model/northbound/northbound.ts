/**
 * Everything about OVN_Northbound that its schema does not say (from ovn-nb(5), northd and ovn-ic).
 *
 * Runtime columns are written by northd, ovn-ic or ovsdb-server, not by whoever configures the network: they
 * are captured, but a row that is live keeps its own, and they are no difference. A row that comes back
 * gets them back too, so that addresses, tags and MACs are not handed out anew.
 */
import { stringifyJson } from '../../ovsdb/json.js';
import type { Row, Value } from '../row/row.js';

export const NORTHBOUND = 'OVN_Northbound';

/** Table -> columns that are runtime state in every row. */
const RUNTIME_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  NB_Global: ['nb_cfg', 'nb_cfg_timestamp', 'sb_cfg', 'sb_cfg_timestamp', 'hv_cfg', 'hv_cfg_timestamp'],
  Connection: ['is_connected', 'status'],
  Logical_Switch_Port: ['up', 'dynamic_addresses'],
  Logical_Switch_Port_Health_Check: ['status'],
  Logical_Router_Port: ['ipv6_prefix', 'status'],
  BFD: ['status'],
  Network_Function_Group: ['network_function_active'],
};

/** Table -> map column -> keys that are runtime state. */
const RUNTIME_KEYS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  NB_Global: {
    options: [
      'mac_prefix',
      'svc_monitor_mac',
      'svc_monitor_mac_dst',
      'max_tunid',
      'northd_internal_version',
      'sbctl_probe_interval',
    ],
    external_ids: ['neutron:liveness_check_at'],
  },
};

/** True for a column that is runtime state in this row (`row` decides for a port's tag). */
export function isRuntimeColumn(table: string, column: string, row: Row): boolean {
  if (RUNTIME_COLUMNS[table]?.includes(column) === true) return true;
  // northd chooses the tag where one was requested; elsewhere it is configuration
  return table === 'Logical_Switch_Port' && column === 'tag' && row['tag_request'] !== undefined;
}

/** Keys of this map column that are runtime state. */
export function runtimeKeys(table: string, column: string): readonly string[] {
  return RUNTIME_KEYS[table]?.[column] ?? [];
}

/**
 * Tables that say how clients reach the server itself: restored only into the database that they came from, or with
 * force, since a wrong row locks every client out.
 */
export const ACCESS_TABLES: ReadonlySet<string> = new Set(['Connection', 'SSL']);

/**
 * Tables whose rows belong to one holder -> the table of the holder: a port is in one switch, a router port on one
 * router. The schema would allow two; northd does not know what to make of it. Network functions refer to ports of
 * switches besides.
 */
export const EXCLUSIVE_TABLES: ReadonlyMap<string, string> = new Map([
  ['Logical_Switch_Port', 'Logical_Switch'],
  ['Logical_Router_Port', 'Logical_Router'],
]);

/** A column, or certain keys of a map column. */
type KeyPart = string | { readonly map: string; readonly keys: readonly string[] };
/** The first part must be there for a row to have the key; the others may be absent. */
type Key = readonly [KeyPart, ...KeyPart[]];

/**
 * What tells rows apart where the schema has no index: keys in order, of which a row has the first whose first part
 * it has. Names are not unique in practice, and an empty one is none.
 */
const NATURAL_KEYS: Readonly<Record<string, readonly [Key, ...Key[]]>> = {
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
  QoS: [['direction', 'priority', 'match']],
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
export function naturalKeyOf(table: string, row: Row): string | undefined {
  const keys = NATURAL_KEYS[table] ?? [];
  for (const key of keys) {
    const values = key.map((part) => valueOf(row, part));
    if (values[0] !== undefined)
      return `${key.map(columnOf).join(', ')} = ${stringifyJson(values.map((value) => value ?? null))}`;
  }
  return undefined;
}

function valueOf(row: Row, part: KeyPart): Value | undefined {
  if (typeof part === 'string') return row[part];
  const map = row[part.map];
  if (map === undefined || typeof map !== 'object' || Array.isArray(map)) return undefined;
  const pairs = part.keys.flatMap((key) =>
    Object.hasOwn(map, key) ? [[key, (map as Readonly<Record<string, string>>)[key] as string] as const] : [],
  );
  return pairs.length === 0 ? undefined : pairs;
}

/** Columns whose values show a row best to a person, tried before the natural key and the index. */
const NAME_COLUMNS = ['name', 'target', 'chassis'] as const;

/** The row's own name, if it has one. */
export function nameOf(row: Row): string | undefined {
  for (const column of NAME_COLUMNS) {
    const value = row[column];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** Columns that a person wants to see of a row without a name. */
const LABEL_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  Logical_Router_Static_Route: ['ip_prefix', 'nexthop'],
  Logical_Router_Policy: ['priority', 'match'],
  NAT: ['type', 'external_ip', 'logical_ip'],
  DHCP_Options: ['cidr'],
  DNS: ['records'],
  BFD: ['logical_port', 'dst_ip'],
  Static_MAC_Binding: ['logical_port', 'ip'],
  Sample_Collector: ['id'],
  Sample: ['metadata'],
  Sampling_App: ['type'],
};

/** Columns to make a label from. */
export function labelColumns(table: string): readonly string[] {
  return LABEL_COLUMNS[table] ?? naturalKey(table) ?? [];
}

/** Table -> the contract's word for what it holds; any other table goes by its own name in lower case. */
const RESOURCES: Readonly<Record<string, string>> = {
  Logical_Switch: 'switches',
  Logical_Router: 'routers',
  Logical_Switch_Port: 'ports',
  Logical_Router_Port: 'router_ports',
  ACL: 'acls',
  Load_Balancer: 'load_balancers',
  NAT: 'nats',
  DHCP_Options: 'dhcp_options',
  QoS: 'qos_rules',
  Port_Group: 'port_groups',
  Address_Set: 'address_sets',
};

export function resourceOf(table: string): string {
  return RESOURCES[table] ?? table.toLowerCase();
}

/** What a person calls a row of this table: "switch", "port group", "load balancer health check". */
export function nounOf(table: string): string {
  const noun = {
    Logical_Switch: 'switch',
    Logical_Router: 'router',
    Logical_Switch_Port: 'port',
    Logical_Router_Port: 'router port',
  }[table];
  return (
    noun ??
    (/^[A-Z]+$/.test(table) || table === 'QoS' || table === 'NB_Global'
      ? table
      : table
          .replace(/^Logical_/, '')
          .replaceAll('_', ' ')
          .toLowerCase())
  );
}

/** A map without its runtime keys; undefined when none is left. */
export function withoutRuntimeKeys(table: string, column: string, value: Value | undefined): Value | undefined {
  const keys = runtimeKeys(table, column);
  if (keys.length === 0 || value === undefined || typeof value !== 'object' || Array.isArray(value)) return value;
  const rest = Object.entries(value).filter(([key]) => !keys.includes(key));
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}
