/**
 * Puts the rows of a plan in an order in which each comes after all that it needs, or together with what needs it too.
 */
import type { Breath } from '../../lib/breath.js';
import type { Dependencies } from './row-dependency.js';
import { NO_LINK } from './row-links.js';

export interface RowOrder {
  /** Every changed row once. */
  readonly rows: Int32Array;
  /** Where each group ends in `rows`: rows that need each other are one group, any other row is a group of its own. */
  readonly ends: Int32Array;
}

/** As near to the order of preference as what rows need allows (Tarjan's strongly connected components). */
export async function orderRows(
  { needs, preferred, rows: { count } }: Dependencies,
  breath: Breath,
): Promise<RowOrder> {
  const rows = new Int32Array(preferred.length);
  const ends: number[] = [];
  const seenAs = new Int32Array(count);
  const lowest = new Int32Array(count);
  const isOpen = new Uint8Array(count);
  /**
   * Rows whose group is not known yet, and the way from the first row to the one looked at, with the link to follow
   * next.
   */
  const open: number[] = [];
  const path: number[] = [];
  const links: number[] = [];
  let seen = 0;
  let done = 0;
  const enter = (row: number): void => {
    seenAs[row] = lowest[row] = ++seen;
    isOpen[row] = 1;
    open.push(row);
    path.push(row);
    links.push(needs.first(row));
  };
  const lower = (row: number, to: number): void => {
    lowest[row] = Math.min(lowest[row] as number, to);
  };
  const leave = (row: number): void => {
    path.pop();
    links.pop();
    const from = path.at(-1);
    if (from !== undefined) lower(from, lowest[row] as number);
    if (lowest[row] !== seenAs[row]) return;
    for (let member = -1; member !== row; ) {
      member = open.pop() as number;
      isOpen[member] = 0;
      rows[done++] = member;
    }
    ends.push(done);
  };
  for (const first of preferred) {
    if (seenAs[first] === 0) enter(first);
    while (path.length > 0) {
      const row = path.at(-1) as number;
      const link = links.at(-1) as number;
      if (link === NO_LINK) {
        leave(row);
      } else {
        links[links.length - 1] = needs.next(link);
        const other = needs.target(link);
        if (seenAs[other] === 0) enter(other);
        else if (isOpen[other] === 1) lower(row, seenAs[other] as number);
      }
      if (breath.due()) await breath.rest();
    }
  }
  return { rows, ends: Int32Array.from(ends) };
}
