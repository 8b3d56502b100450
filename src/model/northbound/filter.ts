/**
 * What a part of an OVN_Northbound is: which rows a person can pick, what comes with them or may be left out,
 * and what they need of which the schema knows nothing (names in matches, peers of ports).
 */

import type { Row } from '../row/row.js';
import { nameReferences } from './name-reference.js';
import { nounOf } from './northbound.js';

export interface IncludeFlags {
  readonly includePorts: boolean;
  readonly includeAcls: boolean;
  readonly includeLoadBalancers: boolean;
  readonly includeNat: boolean;
  readonly includeDhcpOptions: boolean;
  readonly includeQos: boolean;
}

/**
 * Which part of a configuration. Names or UUIDs pick; with no list at all everything is picked that the flags allow.
 */
export interface ResourceFilter extends IncludeFlags {
  readonly switches?: readonly string[] | undefined;
  readonly routers?: readonly string[] | undefined;
  readonly portGroups?: readonly string[] | undefined;
  readonly addressSets?: readonly string[] | undefined;
  readonly loadBalancers?: readonly string[] | undefined;
  /**
   * What must have been picked, or needed, by this filter too: that of a backup which is itself a part
   * (intersectFilters).
   */
  readonly within?: ResourceFilter | undefined;
}

/** The filter's lists, and the tables that their names are looked up in. */
export const PICKED_TABLES = {
  switches: 'Logical_Switch',
  routers: 'Logical_Router',
  portGroups: 'Port_Group',
  addressSets: 'Address_Set',
  loadBalancers: 'Load_Balancer',
} as const;

/** Columns whose rows come only when the flag says so. */
const FLAGS: Readonly<Record<string, keyof IncludeFlags>> = {
  'Logical_Switch.ports': 'includePorts',
  'Logical_Router.ports': 'includePorts',
  'Logical_Switch.acls': 'includeAcls',
  'Port_Group.acls': 'includeAcls',
  'Logical_Switch.load_balancer': 'includeLoadBalancers',
  'Logical_Switch.load_balancer_group': 'includeLoadBalancers',
  'Logical_Router.load_balancer': 'includeLoadBalancers',
  'Logical_Router.load_balancer_group': 'includeLoadBalancers',
  'Logical_Router.nat': 'includeNat',
  'Logical_Switch_Port.dhcpv4_options': 'includeDhcpOptions',
  'Logical_Switch_Port.dhcpv6_options': 'includeDhcpOptions',
  'Logical_Switch.qos_rules': 'includeQos',
};

/** The flag that this column's rows depend on. */
export function flagOf(table: string, column: string): keyof IncludeFlags | undefined {
  return FLAGS[`${table}.${column}`];
}

/** Root tables that are left out as a whole, where everything is picked, when the flag is not set. */
export const FLAGGED_TABLES: Readonly<Record<string, keyof IncludeFlags>> = {
  Load_Balancer: 'includeLoadBalancers',
  Load_Balancer_Group: 'includeLoadBalancers',
  DHCP_Options: 'includeDhcpOptions',
  Static_MAC_Binding: 'includePorts',
  BFD: 'includePorts',
};

export const SWITCH_PORT = 'Logical_Switch_Port';
export const ROUTER_PORT = 'Logical_Router_Port';
export const PORT_GROUP = 'Port_Group';
export const LOAD_BALANCER = 'Load_Balancer';

/** Tables whose rows are in a switch or a router, with the table that holds them and its column. */
export const PLACES: Readonly<Record<string, readonly [string, string]>> = {
  [SWITCH_PORT]: ['Logical_Switch', 'ports'],
  [ROUTER_PORT]: ['Logical_Router', 'ports'],
};

/** Root tables that hold load balancers by weak references, in the column of that name. */
export const LOAD_BALANCER_USERS = ['Logical_Switch', 'Logical_Router', 'Load_Balancer_Group'] as const;

/** Name of the router port at the other end of this port's link, where that is a router port. */
export function routerPeerOf(table: string, row: Row): string | undefined {
  const options = row['options'] as Readonly<Record<string, string>> | undefined;
  const name = table === SWITCH_PORT ? options?.['router-port'] : table === ROUTER_PORT ? row['peer'] : undefined;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** Tables whose rows others need by name: a match that names a missing address set is no match at all. */
const NEEDED_BY_NAME: ReadonlySet<string> = new Set(['Meter', 'Address_Set', PORT_GROUP]);

export interface NamedNeed {
  readonly column: string;
  readonly table: string;
  readonly name: string;
}

/** What this row needs by name. */
export function namedNeeds(table: string, row: Row): readonly NamedNeed[] {
  return nameReferences(table, row).flatMap(({ column, tables, name }) =>
    tables.filter((to) => NEEDED_BY_NAME.has(to)).map((to) => ({ column, table: to, name })),
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
