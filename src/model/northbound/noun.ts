/**
 * Words for a person: what rows of a table are called, and which columns show a row best.
 */
import type { Row } from '../row/row.js';
import { naturalKey } from './natural-key.js';

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

/** What a person calls the rows that a column refers to, before "of ...": "DHCP options", "load balancer". */
export function needNoun(table: string): string {
  return (
    {
      DHCP_Options: 'DHCP options',
      DHCP_Relay: 'DHCP relay',
      HA_Chassis_Group: 'HA chassis group',
      Copp: 'control plane protection',
      DNS: 'DNS records',
    }[table] ?? nounOf(table)
  );
}

/** Table -> the contract's word for what it holds. */
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

/** Tables of one row, and names that are no words. */
const ALSO_PLURAL: ReadonlySet<string> = new Set(['NB_Global', 'SSL', 'DNS', 'BFD', 'Copp']);

/** The resource that the rows of a table are, as results of restores count them: always the plural. */
export function resourceOf(table: string): string {
  const known = RESOURCES[table];
  if (known !== undefined) return known;
  const name = table.replace(/^Logical_/, '').toLowerCase();
  if (ALSO_PLURAL.has(table) || name.endsWith('s')) return name;
  return name.endsWith('y') ? `${name.slice(0, -1)}ies` : `${name}s`;
}

export const RESOURCE_ABOUT =
  `${Object.values(RESOURCES).join(', ')}. Of any other table: its name in lower case, in the plural and without ` +
  '"logical_", such as router_static_routes';

/** Columns whose values show a row best to a person, tried before the natural key and the index. */
export const NAME_COLUMNS = ['name', 'target', 'chassis'] as const;

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
