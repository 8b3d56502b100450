/** Where ports are: which switch holds each port, which router each router port. Pure. */

import type { Breath } from '../../lib/breath.js';
import { type Holder, holderOf } from '../../model/northbound/holder.js';
import { referenceColumns, referencesIn } from '../../model/reference/reference.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';

/** In no row. */
export const NOWHERE = -1;

export interface PortPlaces {
  readonly holder: Holder;
  /** For each port the number of the row that holds it, or NOWHERE. */
  readonly places: Int32Array;
}

/** Of a table of ports; undefined for other tables, of which the schema says who holds their rows. */
export async function portPlaces(
  { schema, tables }: Snapshot,
  table: string,
  breath: Breath,
): Promise<PortPlaces | undefined> {
  const [holder, ports] = [holderOf(table), tables.get(table)];
  if (holder === undefined || ports === undefined) return undefined;
  const places = new Int32Array(ports.count).fill(NOWHERE);
  const [rows, holderSchema] = [tables.get(holder.table), schema.tables.get(holder.table)];
  const column =
    holderSchema && referenceColumns(holderSchema).find((candidate) => candidate.column.name === holder.column);
  for (let i = 0; rows !== undefined && column !== undefined && i < rows.count; i++) {
    for (const { uuid } of referencesIn(column, rows.row(i)[holder.column])) {
      const port = ports.find(uuid);
      if (port !== undefined) places[port] = i;
    }
    if (breath.due()) await breath.rest();
  }
  return { holder, places };
}
