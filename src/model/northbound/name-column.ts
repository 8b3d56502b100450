/**
 * Which columns hold names of other rows (from ovn-nb(5), northd and ovn-ic; the schema says nothing of it).
 *
 * Chassis, names of physical networks and of route tables are no rows of this database, and are not here.
 */

/**
 * How a column holds names. name: each string is one; list: names with commas between them; match: an expression
 * (match-expression.ts); backend: a name up to the first colon ("port:10.0.0.1", "port:[fd00::1]").
 */
export type NameForm = 'name' | 'list' | 'match' | 'backend';

export interface NameColumn {
  readonly column: string;
  /** Tables whose rows may have the name, in the order in which to look; in an expression those of its ports. */
  readonly tables: readonly string[];
  readonly form: NameForm;
  /** In a map the key whose value holds the name. Absent: every value. */
  readonly key?: string;
  /** Another column that must have this value. */
  readonly when?: { readonly column: string; readonly value: string };
  /** True where two rows that name one port take it from each other: its other end can be in one place only. */
  readonly link?: boolean;
}

const PORT = ['Logical_Switch_Port'] as const;
const ROUTER_PORT = ['Logical_Router_Port'] as const;
const ON_A_SWITCH = ['Logical_Switch_Port', 'Logical_Router_Port'] as const;
const ON_A_ROUTER = ['Logical_Router_Port', 'Logical_Switch_Port'] as const;

const NAME_COLUMNS: Readonly<Record<string, readonly NameColumn[]>> = {
  ACL: [
    { column: 'match', tables: ON_A_SWITCH, form: 'match' },
    { column: 'meter', tables: ['Meter'], form: 'name' },
  ],
  BFD: [{ column: 'logical_port', tables: ROUTER_PORT, form: 'name' }],
  Copp: [{ column: 'meters', tables: ['Meter'], form: 'name' }],
  DNS: [{ column: 'external_ids', key: 'ls_name', tables: ['Logical_Switch'], form: 'name' }],
  Forwarding_Group: [{ column: 'child_port', tables: PORT, form: 'name' }],
  Load_Balancer: [{ column: 'ip_port_mappings', tables: PORT, form: 'backend' }],
  Logical_Router_Policy: [{ column: 'match', tables: ON_A_ROUTER, form: 'match' }],
  Logical_Router_Port: [
    { column: 'peer', tables: ROUTER_PORT, form: 'name', link: true },
    { column: 'options', key: 'routing-protocol-redirect', tables: PORT, form: 'name', link: true },
    { column: 'options', key: 'dynamic-routing-port-name', tables: ON_A_SWITCH, form: 'name' },
  ],
  Logical_Router_Static_Route: [{ column: 'output_port', tables: ROUTER_PORT, form: 'name' }],
  Logical_Switch: [{ column: 'other_config', key: 'dhcp_relay_port', tables: PORT, form: 'name' }],
  Logical_Switch_Port: [
    { column: 'options', key: 'router-port', tables: ROUTER_PORT, form: 'name', link: true },
    { column: 'peer', tables: PORT, form: 'name', link: true },
    { column: 'parent_name', tables: PORT, form: 'name', link: true },
    { column: 'options', key: 'virtual-parents', tables: PORT, form: 'list' },
    { column: 'options', key: 'nf-linked-port', tables: PORT, form: 'list', link: true },
    // "80:fa:5b:06:72:b7 158.36.44.22 is_chassis_resident("port")" is of the same tokens as an expression
    { column: 'options', key: 'nat-addresses', tables: ON_A_SWITCH, form: 'match' },
  ],
  Mirror: [{ column: 'sink', tables: PORT, form: 'name', when: { column: 'type', value: 'lport' } }],
  Mirror_Rule: [{ column: 'match', tables: ON_A_SWITCH, form: 'match' }],
  NAT: [
    { column: 'logical_port', tables: PORT, form: 'name' },
    { column: 'match', tables: ON_A_ROUTER, form: 'match' },
  ],
  QoS: [{ column: 'match', tables: ON_A_SWITCH, form: 'match' }],
  Static_MAC_Binding: [{ column: 'logical_port', tables: ROUTER_PORT, form: 'name' }],
};

/** The table's columns that hold names of rows. */
export function nameColumns(table: string): readonly NameColumn[] {
  return NAME_COLUMNS[table] ?? [];
}

/** Tables that an expression may name besides those of its ports. */
export const NAMED_IN_MATCHES: readonly string[] = ['Port_Group', 'Address_Set'];
