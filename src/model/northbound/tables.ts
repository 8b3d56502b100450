/**
 * The Northbound database's name, and the tables of it that play a part of their own.
 */

import { VSWITCH_ACCESS_TABLE } from '../vswitch/vswitch-tables.js';

export const NORTHBOUND = 'OVN_Northbound';

export const SWITCH_PORT = 'Logical_Switch_Port';
export const ROUTER_PORT = 'Logical_Router_Port';
export const PORT_GROUP = 'Port_Group';
export const LOAD_BALANCER = 'Load_Balancer';

/**
 * Tables that say how clients reach the server itself: restored only into the database that they came from, or with
 * force, since a wrong row locks every client out.
 */
export const ACCESS_TABLES: ReadonlySet<string> = new Set(['Connection', 'SSL', VSWITCH_ACCESS_TABLE]);

/** The tables of one row that stand for the whole database, by the schemas of OVN and Open vSwitch. */
export const GLOBAL_TABLES: ReadonlySet<string> = new Set([
  'NB_Global',
  'SB_Global',
  'IC_NB_Global',
  'IC_SB_Global',
  'Open_vSwitch',
]);
