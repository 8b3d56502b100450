/**
 * What a person calls a row: `switch "web"`, `ACL to-lport 1000 ip4.src == 10.0.0.1 of switch "web"`.
 */
import type { Breath } from '../../lib/breath.js';
import { labelColumns, NAME_COLUMNS, nameOf, nounOf } from '../../model/northbound/noun.js';
import type { Row } from '../../model/row/row.js';
import { columnsIn } from '../../model/row/row-text.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { type Json, stringifyJson } from '../../ovsdb/json.js';
import { type Holder, RowHolders } from './row-holders.js';

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
  /** UUID of a holder -> its label */
  private readonly labels = new Map<string, string>();

  private constructor(private readonly holders: readonly RowHolders[]) {}

  /** Reads the holders of both snapshots, those of the second where both have one. */
  static async read(snapshots: readonly Snapshot[], breath: Breath): Promise<Labels> {
    const holders: RowHolders[] = [];
    for (const snapshot of snapshots) holders.unshift(await RowHolders.read(snapshot, breath));
    return new Labels(holders);
  }

  /** @param text canonical text of the row */
  ofText(table: TableSchema, text: Buffer, uuid: string): string {
    const name = nameInText(text);
    if (name !== undefined) return labelOf(table, { name }, uuid);
    const row = columnsIn(text, columnsOfLabel(table.name));
    const own = labelOf(table, row, uuid);
    if (nameOf(row) !== undefined) return own;
    for (const holders of this.holders) {
      const holder = holders.holderOf(table.name, uuid);
      if (holder !== undefined) return `${own} of ${this.labelOfHolder(holder)}`;
    }
    return own;
  }

  private labelOfHolder(holder: Holder): string {
    let label = this.labels.get(holder.uuid);
    if (label === undefined) {
      label = labelOf(holder.table, columnsIn(holder.text, columnsOfLabel(holder.table.name)), holder.uuid);
      this.labels.set(holder.uuid, label);
    }
    return label;
  }
}

/** The column "name" of a canonical text, without making values of the others. */
export function nameInText(text: Buffer): string | undefined {
  const { name } = columnsIn(text, NAME);
  return typeof name === 'string' ? name : undefined;
}

const NAME = [Buffer.from('name')];

const known = new Map<string, readonly Buffer[]>();

/** Names of the columns that a label is made from. */
function columnsOfLabel(table: string): readonly Buffer[] {
  let names = known.get(table);
  if (names === undefined) {
    names = [...NAME_COLUMNS, ...labelColumns(table)].map((name) => Buffer.from(name));
    known.set(table, names);
  }
  return names;
}
