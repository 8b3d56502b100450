/** What the oracle knows of OVN beyond the schema, from the manual page ovn-nb(5). Pure. */
import { type Members, membersIn, type Row } from './content.js';

/** Columns that northd, ovn-ic and ovsdb-server write while they run. */
const RUNTIME_COLUMNS: ReadonlySet<string> = new Set([
  ...['nb_cfg', 'nb_cfg_timestamp', 'sb_cfg', 'sb_cfg_timestamp', 'hv_cfg', 'hv_cfg_timestamp'].map(
    (column) => `NB_Global.${column}`,
  ),
  'Logical_Switch_Port.up',
  'Logical_Switch_Port.dynamic_addresses',
  'Logical_Switch_Port_Health_Check.status',
  'Logical_Router_Port.ipv6_prefix',
  'Logical_Router_Port.status',
  'BFD.status',
  'Network_Function_Group.network_function_active',
]);

/** Keys of maps that they write. */
const RUNTIME_KEYS: Readonly<Record<string, readonly string[]>> = {
  'NB_Global.options': ['mac_prefix', 'svc_monitor_mac', 'max_tunid', 'northd_internal_version', 'e2e_timestamp'],
  'NB_Global.external_ids': ['neutron:liveness_check_at'],
};

/** northd chooses the tag of a port that asks for one; any other tag is configuration. */
export function isRuntime(table: string, column: string, row: Row): boolean {
  if (table === 'Logical_Switch_Port' && column === 'tag') return membersIn(row, 'tag_request').length > 0;
  return RUNTIME_COLUMNS.has(`${table}.${column}`);
}

/** A value without what is written at run time. */
export function configured(table: string, column: string, row: Row): Members {
  if (isRuntime(table, column, row)) return [];
  const keys = RUNTIME_KEYS[`${table}.${column}`] ?? [];
  return membersIn(row, column).filter((member) => !keys.includes(keyOf(member)));
}

function keyOf(member: string): string {
  return member.startsWith('[') ? String((JSON.parse(member) as unknown[])[0]) : '';
}

export function runtimeKeysOf(table: string, column: string): readonly string[] {
  return RUNTIME_KEYS[`${table}.${column}`] ?? [];
}

/**
 * What people tell rows apart by, where the schema has no index. Rows of a table that is no root are told apart within
 * their owner. Every other table without an index holds one row at most.
 */
export const NATURAL_KEYS: Readonly<Record<string, readonly string[]>> = {
  Logical_Switch: ['name'],
  Logical_Router: ['name'],
  Load_Balancer: ['name'],
  DHCP_Options: ['cidr'],
  DHCP_Relay: ['name'],
  DNS: ['external_ids'],
  Forwarding_Group: ['name'],
  Load_Balancer_Health_Check: ['vip'],
  Logical_Switch_Port_Health_Check: ['protocol', 'port', 'src_ip', 'address'],
  ACL: ['direction', 'priority', 'match'],
  QoS: ['direction', 'priority', 'match'],
  Meter_Band: ['action', 'rate', 'burst_size'],
  Mirror_Rule: ['priority', 'match', 'action'],
  Logical_Router_Static_Route: ['ip_prefix', 'nexthop'],
  Logical_Router_Policy: ['priority', 'match'],
  NAT: ['type', 'external_ip', 'logical_ip'],
  HA_Chassis: ['chassis_name'],
};

/** Columns of text that may name other rows. */
export const NAMING_COLUMNS: ReadonlySet<string> = new Set([
  ...['options', 'parent_name', 'peer'].map((column) => `Logical_Switch_Port.${column}`),
  'Logical_Router_Port.peer',
  'Forwarding_Group.child_port',
  'Load_Balancer.ip_port_mappings',
  ...['ACL', 'QoS', 'Logical_Router_Policy', 'Mirror_Rule', 'NAT'].map((table) => `${table}.match`),
  'ACL.meter',
  'Copp.meters',
  'NAT.logical_port',
  'Logical_Router_Static_Route.output_port',
  'BFD.logical_port',
  'Static_MAC_Binding.logical_port',
]);
