/**
 * OVN_Northbound: which columns hold names of other rows, and what a working copy of a network may share with the
 * original (from ovn-nb(5), northd and ovn-ic; the schema says nothing of it).
 *
 * Chassis, names of physical networks and of route tables are no rows of this database, and are not here.
 */
import type { Row } from '../row/row.js';

/**
 * How a column holds names. name: each string is one; list: names with commas between them; match: an expression
 * (match.ts); backend: a name up to the first colon ("port:10.0.0.1", "port:[fd00::1]").
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

/** What northd and ovn-controller put before a router port's name to call its place on a gateway chassis. */
export const CHASSIS_REDIRECT = 'cr-';

/** Suffixes of the address sets that northd makes of a port group. */
export const IMPLICIT_SETS = ['_ip4', '_ip6'] as const;

/** Tables that an expression may name besides those of its ports. */
export const NAMED_IN_MATCHES: readonly string[] = ['Port_Group', 'Address_Set'];

/** Tables of which a name can be taken for one that OVN makes of another row's name. */
export const LIKE_MADE_NAMES: readonly string[] = ['Address_Set', 'Logical_Switch_Port', 'Logical_Router_Port'];

/** Whether this name can: "web_ip4" is made of port group "web", "cr-gw" of router port "gw". */
export function isLikeMadeName(table: string, name: string): boolean {
  return table === 'Address_Set'
    ? IMPLICIT_SETS.some((suffix) => name.endsWith(suffix))
    : name.startsWith(CHASSIS_REDIRECT);
}

/**
 * Tables whose rows a working copy shares with the original: they say how clients reach the server, or what chassis and
 * collectors there are, which is there once.
 */
export const SHARED_TABLES: ReadonlySet<string> = new Set([
  'NB_Global',
  'Connection',
  'SSL',
  'Chassis_Template_Var',
  'Sample_Collector',
  'Sampling_App',
]);

/** Tables whose rows belong to the router port that they name. */
export const PORT_BOUND: Readonly<Record<string, { readonly column: string; readonly to: string }>> = {
  BFD: { column: 'logical_port', to: 'Logical_Router_Port' },
  Static_MAC_Binding: { column: 'logical_port', to: 'Logical_Router_Port' },
};

/** Where a row of a table is held by one kind of row and only used by others: the kind that holds it. */
const OWNERS: Readonly<Record<string, string>> = {
  Logical_Switch_Port: 'Logical_Switch',
  Logical_Router_Port: 'Logical_Router',
};

/** Whether a strong reference from one table to another means that the row is held there. */
export function owns(holder: string, table: string): boolean {
  return (OWNERS[table] ?? holder) === holder;
}

/** Tables whose names northd takes from one supply: it binds ports of both kinds by name. */
export function nameSupply(table: string): string {
  return table in OWNERS ? 'port' : table;
}

/**
 * Table -> map column -> keys that no two rows may have alike: a datapath's own number, the transit switch that it is.
 */
const SINGULAR_KEYS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  Logical_Switch: { other_config: ['requested-tnl-key', 'interconn-ts'] },
  Logical_Router: { options: ['requested-tnl-key'] },
};

/** Map column -> keys that no two rows of the table may have alike. */
export function singularKeys(table: string): Readonly<Record<string, readonly string[]>> {
  return SINGULAR_KEYS[table] ?? {};
}

/** Of a port: northd lets no traffic through it. */
export const DISABLED = { enabled: false } as const;

const OUTSIDE: ReadonlySet<string> = new Set(['localnet', 'l2gateway', 'vtep']);

/** The kind of a port that leads out of the logical network, where its copy meets the original. */
export function outsideKind(table: string, row: Row): string | undefined {
  const type = row['type'];
  return table === 'Logical_Switch_Port' && typeof type === 'string' && OUTSIDE.has(type) ? type : undefined;
}
