/**
 * What a person calls a row: `switch "web"`, `ACL to-lport 1000 ip4.src == 10.0.0.1 of switch "web"`.
 */
import type { Breath } from '../../lib/breath.js';
import { labelColumns, nameOf, nounOf } from '../../model/northbound/noun.js';
import { holderColumns, referencesIn } from '../../model/reference/reference.js';
import { parseRow, type Row } from '../../model/row/row.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { MemberReader } from '../../ovsdb/frame.js';
import { type Json, stringifyJson } from '../../ovsdb/json.js';

const KEY_CHARACTERS = 120;

/** A row by its name, or else by its key, or else by its UUID. */
export function labelOf(table: TableSchema, row: Row, uuid: string): string {
  const name = nameOf(row);
  if (name !== undefined) return `${nounOf(table.name)} "${name}"`;
  const key = labelColumns(table.name)
    .filter((column) => row[column] !== undefined)
    .map((column) => shown(row[column] as Json))
    .join(' ');
  if (key === '') return `${nounOf(table.name)} ${uuid}`;
  return `${nounOf(table.name)} ${key.length > KEY_CHARACTERS ? `${key.slice(0, KEY_CHARACTERS)}...` : key}`;
}

function shown(value: Json): string {
  return typeof value === 'string' ? value : stringifyJson(value);
}

/** Labels with the row that holds a row of a non-root table: "... of switch "web"". */
export class Labels {
  /** UUID of a row -> label of its holder */
  private readonly holders = new Map<string, string>();

  /** Reads the holders of both snapshots, those of the second where both have one. */
  static async read(snapshots: readonly Snapshot[], breath: Breath): Promise<Labels> {
    const labels = new Labels();
    for (const snapshot of snapshots) {
      for (const table of snapshot.schema.tables.values()) {
        const columns = holderColumns(snapshot.schema, table);
        const rows = snapshot.tables.get(table.name);
        for (let i = 0; columns.length > 0 && rows !== undefined && i < rows.count; i++) {
          const row = rows.row(i);
          const label = labelOf(table, row, rows.uuid(i));
          for (const column of columns)
            for (const { uuid } of referencesIn(column, row[column.column.name])) labels.holders.set(uuid, label);
          if (breath.due()) await breath.rest();
        }
      }
    }
    return labels;
  }

  /** @param text canonical text of the row */
  ofText(table: TableSchema, text: Buffer, uuid: string): string {
    const name = nameInText(text);
    if (name !== undefined) return labelOf(table, { name }, uuid);
    const row = parseRow(text.toString());
    const own = labelOf(table, row, uuid);
    const holder = nameOf(row) === undefined ? this.holders.get(uuid) : undefined;
    return holder === undefined ? own : `${own} of ${holder}`;
  }
}

/** The column "name" of a canonical text, without making values of the others. */
export function nameInText(text: Buffer): string | undefined {
  const members = new MemberReader(text, 0);
  while (members.enter()) {
    members.skip();
    const length = members.keyEnd - members.keyStart;
    if (length === NAME.length && text.compare(NAME, 0, length, members.keyStart, members.keyEnd) === 0) {
      const name: unknown = JSON.parse(text.toString('utf8', members.valueStart, members.valueEnd));
      return typeof name === 'string' ? name : undefined;
    }
  }
  return undefined;
}

const NAME = Buffer.from('name');
