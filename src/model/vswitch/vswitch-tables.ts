/**
 * What the schema of the Open_vSwitch database does not say of its tables (from ovs-vswitchd.conf.db(5)). The other
 * files that hold such knowledge take it from here.
 */

type Columns = readonly [string, ...string[]];

/** Table -> columns that ovs-vswitchd or ovs-ctl write, and nobody who configures the switch. */
export const VSWITCH_RUNTIME_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  Open_vSwitch: [
    'next_cfg',
    'cur_cfg',
    'statistics',
    'ovs_version',
    'db_version',
    'system_type',
    'system_version',
    'datapath_types',
    'iface_types',
    'dpdk_initialized',
    'dpdk_version',
  ],
  Bridge: ['datapath_id', 'datapath_version', 'status', 'rstp_status'],
  Port: ['bond_active_slave', 'status', 'statistics', 'rstp_status', 'rstp_statistics'],
  Interface: [
    'ofport',
    'mac_in_use',
    'ifindex',
    'admin_state',
    'link_state',
    'link_resets',
    'link_speed',
    'duplex',
    'mtu',
    'error',
    'status',
    'statistics',
    'bfd_status',
    'cfm_flap_count',
    'cfm_fault',
    'cfm_fault_status',
    'cfm_remote_mpids',
    'cfm_remote_opstate',
    'cfm_health',
    'lacp_current',
  ],
  Datapath: ['datapath_version', 'capabilities'],
  Controller: ['is_connected', 'role', 'status'],
  Manager: ['is_connected', 'status'],
};

/** Table -> natural keys, as natural-key.ts has them. Bridges, ports, interfaces and managers have an index. */
export const VSWITCH_NATURAL_KEYS: Readonly<Record<string, readonly [Columns, ...Columns[]]>> = {
  Mirror: [['name']],
  Controller: [['target']],
  Flow_Table: [['name']],
  NetFlow: [['targets']],
  sFlow: [['targets']],
  IPFIX: [['targets']],
  AutoAttach: [['system_name']],
  Queue: [['external_ids', 'other_config', 'dscp'], ['other_config', 'dscp'], ['dscp']],
  CT_Timeout_Policy: [['timeouts']],
};

/** Tables that a working copy shares with the original: there is one of each in a host. */
export const VSWITCH_SHARED_TABLES = ['Open_vSwitch', 'Manager', 'Datapath'] as const;

/** How clients reach the database server. */
export const VSWITCH_ACCESS_TABLE = 'Manager';
