/**
 * What a part of an OVN_Northbound is: which rows a person can pick, and what comes with them or may be left out.
 */

/** The lists of a filter, and the tables that their names are looked up in. */
export const PICKED_TABLES = {
  switches: 'Logical_Switch',
  routers: 'Logical_Router',
  portGroups: 'Port_Group',
  addressSets: 'Address_Set',
  loadBalancers: 'Load_Balancer',
} as const;

/** The flags of a filter, and what each lets in. */
export const INCLUDE_FLAGS = {
  includePorts: 'the ports of switches and routers',
  includeAcls: 'ACLs of switches and of port groups',
  includeLoadBalancers: 'load balancers',
  includeNat: 'NAT rules',
  includeDhcpOptions: 'DHCP options',
  includeQos: 'QoS rules',
} as const;

export type IncludeFlags = { readonly [flag in keyof typeof INCLUDE_FLAGS]: boolean };

/**
 * Which part of a configuration. Names or UUIDs pick; with no list at all everything is picked that the flags allow.
 */
export type ResourceFilter = IncludeFlags & {
  readonly [list in keyof typeof PICKED_TABLES]?: readonly string[] | undefined;
} & {
  /**
   * What must have been picked, or needed, by this filter too: that of a backup which is itself a part
   * (intersectFilters).
   */
  readonly within?: ResourceFilter | undefined;
};

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
