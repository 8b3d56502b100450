/** The canonical text of a row (row.ts), looked at without making values of it. */
import { CLOSE_BRACE } from '../../lib/json-bytes.js';
import { MemberReader } from '../../ovsdb/frame.js';
import { parseJson } from '../../ovsdb/json.js';
import type { Row, Value } from './row.js';

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

/** How a row's text begins the column. A text that has it may have it in a value, and not the column. */
export function columnLabel(column: string): Buffer {
  return Buffer.from(`${JSON.stringify(column)}:`);
}

/** These columns of a row; of the others no values are made. Pure. */
export function columnsIn(row: Buffer, names: readonly Buffer[]): Row {
  const found: Record<string, Value> = {};
  const members = new MemberReader(row, 0);
  let left = names.length;
  while (left > 0 && members.enter()) {
    members.skip();
    const { keyStart, keyEnd } = members;
    if (!names.some((name) => isAt(name, row, keyStart, keyEnd))) continue;
    found[members.key()] = parseJson(row.toString('utf8', members.valueStart, members.valueEnd)) as Value;
    left--;
  }
  return found;
}

function isAt(name: Buffer, text: Buffer, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== text[start + i]) return false;
  return true;
}
