/**
 * What rows need by name, of which the schema knows nothing: what matches name, peers of ports.
 */

import type { Row } from '../row/row.js';
import { nameReferences } from './name-reference.js';
import { PORT_GROUP, ROUTER_PORT, SWITCH_PORT } from './tables.js';

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
