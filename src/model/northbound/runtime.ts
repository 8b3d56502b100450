/**
 * Runtime state (from ovn-nb(5), northd and ovn-ic): columns and keys that northd, ovn-ic or ovsdb-server write, not
 * whoever configures the network. They are captured, but a row that is live keeps its own, and they are no
 * difference. A row that comes back gets them back too, so that addresses, tags and MACs are not handed out anew.
 */
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

/** A map without its runtime keys; undefined when none is left. */
export function withoutRuntimeKeys(table: string, column: string, value: Value | undefined): Value | undefined {
  const keys = runtimeKeys(table, column);
  if (keys.length === 0 || value === undefined || typeof value !== 'object' || Array.isArray(value)) return value;
  const rest = Object.entries(value).filter(([key]) => !keys.includes(key));
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}
