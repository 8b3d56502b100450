/** The databases that OVN and Open vSwitch have: what each is for, and the file that ovsdb-server keeps it in. */

import { NORTHBOUND } from './tables.js';

export interface AboutDatabase {
  /** A sentence without its full stop. */
  readonly what: string;
  readonly file: string;
  /** It is made anew from another one, and need not be backed up. */
  readonly isMade?: true;
}

const DATABASES: Readonly<Record<string, AboutDatabase>> = {
  OVN_Northbound: { what: 'The Northbound is what is configured of the networks', file: 'ovnnb_db.db' },
  OVN_Southbound: {
    what: 'The Southbound need not be backed up: ovn-northd and the chassis make it anew from the Northbound',
    file: 'ovnsb_db.db',
    isMade: true,
  },
  OVN_IC_Northbound: {
    what: 'The interconnection Northbound says which transit switches connect OVN deployments',
    file: 'ovn_ic_nb_db.db',
  },
  OVN_IC_Southbound: {
    what: 'The interconnection Southbound need not be backed up: ovn-ic makes it anew',
    file: 'ovn_ic_sb_db.db',
    isMade: true,
  },
  Open_vSwitch: { what: 'That database is the configuration of the virtual switches of one host', file: 'conf.db' },
  hardware_vtep: { what: 'That database is the configuration of a VTEP gateway', file: 'vtep.db' },
};

export function aboutDatabase(name: string): AboutDatabase | undefined {
  return Object.hasOwn(DATABASES, name) ? DATABASES[name] : undefined;
}

/** Of a database that is made anew from another one: that it need not be backed up, and what to back up instead. */
export function needlessBackup(name: string): string | undefined {
  const about = aboutDatabase(name);
  if (about?.isMade !== true) return undefined;
  return `${about.what}. Back up ${name.replace('Southbound', 'Northbound')} instead`;
}

/** What a database is called in the API, where it is the one that is configured. */
export function databaseId(name: string): string {
  return name === NORTHBOUND ? 'northbound' : name.toLowerCase();
}
