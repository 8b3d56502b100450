/** The databases that OVN and Open vSwitch have: what each is for, and the file that ovsdb-server keeps it in. */

export interface AboutDatabase {
  /** A sentence without its full stop. */
  readonly what: string;
  readonly file: string;
}

const DATABASES: Readonly<Record<string, AboutDatabase>> = {
  OVN_Northbound: { what: 'The Northbound is what is configured of the networks', file: 'ovnnb_db.db' },
  OVN_Southbound: {
    what: 'The Southbound need not be backed up: ovn-northd and the chassis make it anew from the Northbound',
    file: 'ovnsb_db.db',
  },
  OVN_IC_Northbound: {
    what: 'The interconnection Northbound says which transit switches connect OVN deployments',
    file: 'ovn_ic_nb_db.db',
  },
  OVN_IC_Southbound: {
    what: 'The interconnection Southbound need not be backed up: ovn-ic makes it anew',
    file: 'ovn_ic_sb_db.db',
  },
  Open_vSwitch: { what: 'That database is the configuration of the virtual switches of one host', file: 'conf.db' },
  hardware_vtep: { what: 'That database is the configuration of a VTEP gateway', file: 'vtep.db' },
};

export function aboutDatabase(name: string): AboutDatabase | undefined {
  return Object.hasOwn(DATABASES, name) ? DATABASES[name] : undefined;
}
