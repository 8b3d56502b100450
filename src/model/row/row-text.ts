/** The canonical text of a row (row.ts), looked at without making values of it. */
import { CLOSE_BRACE } from '../../lib/json-bytes.js';
import { MemberReader } from '../../ovsdb/frame.js';

/**
 * Whether the members of `part` from `from` on, each with a comma before it, are members of the row. Pure.
 * @param part canonical text of some columns of a row, after a first member that ends at `from`
 */
export function hasMembers(row: Buffer, part: Buffer, from: number): boolean {
  const members = new MemberReader(row, 0);
  let at = from;
  while (part[at] !== CLOSE_BRACE) {
    // columns stand in the order of their names, here as there
    if (!members.enter()) return false;
    members.skip();
    const start = members.keyStart - 1;
    const end = at + 1 + members.valueEnd - start;
    if (row.compare(part, at + 1, Math.min(end, part.length), start, members.valueEnd) === 0) at = end;
  }
  return true;
}
