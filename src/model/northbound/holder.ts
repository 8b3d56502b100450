/**
 * Who holds a port: it is in one switch, a router port on one router. The schema would allow two; northd does not know
 * what to make of it. Other rows (port groups, network functions) only use it.
 */
import { ROUTER_PORT, SWITCH_PORT } from './tables.js';

export interface Holder {
  readonly table: string;
  /** The holder's column that holds the rows. */
  readonly column: string;
}

const HOLDERS: ReadonlyMap<string, Holder> = new Map([
  [SWITCH_PORT, { table: 'Logical_Switch', column: 'ports' }],
  [ROUTER_PORT, { table: 'Logical_Router', column: 'ports' }],
]);

/** Who holds each row of this table; undefined where that is left to the schema. */
export function holderOf(table: string): Holder | undefined {
  return HOLDERS.get(table);
}

/** Whether a strong reference from one table to another means that the row is held there. */
export function owns(holder: string, table: string): boolean {
  return (HOLDERS.get(table)?.table ?? holder) === holder;
}

/** Tables whose names northd takes from one supply: it binds ports of both kinds by name. */
export function nameSupply(table: string): string {
  return HOLDERS.has(table) ? 'port' : table;
}

/** Tables whose rows belong to the router port that they name. */
export const PORT_BOUND: Readonly<Record<string, { readonly column: string; readonly to: string }>> = {
  BFD: { column: 'logical_port', to: ROUTER_PORT },
  Static_MAC_Binding: { column: 'logical_port', to: ROUTER_PORT },
};
