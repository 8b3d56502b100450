/**
 * Applies the changes that a monitor tells of (<table-updates2> of ovsdb-server(7), section 4.1.14) to the tables
 * that are held, row by row out of the bytes: one notification may be as large as the database.
 *
 *   ["<monitor>",{"T":{"<uuid>":{"insert":{...}},"<uuid>":{"modify":{...}},"<uuid>":{"delete":null}},...}]
 */

import type { Breath } from '../../lib/breath.js';
import { COMMA } from '../../lib/json-bytes.js';
import type { ChangedRow } from '../../model/row/row-change.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { expectByte, FrameError, MemberReader, skipString } from '../../ovsdb/frame.js';
import { type JsonObject, parseJson } from '../../ovsdb/json.js';
import type { FollowedTable } from './followed-table.js';

/** Is told of changes once they are applied. */
export interface ChangeListener {
  inserted(table: TableSchema, uuid: string, text: Buffer): void;
  /** A row that has been read. */
  modified(table: TableSchema, row: ChangedRow, difference: JsonObject): void;
  removed(table: TableSchema, uuid: string): void;
}

export interface UpdateOptions {
  readonly breath: Breath;
  readonly listener?: ChangeListener | undefined;
}

/** @param params the bytes of the notification's params. @throws FrameError, RowError */
export async function applyTableUpdates(
  params: Buffer,
  tables: ReadonlyMap<string, FollowedTable>,
  { breath, listener }: UpdateOptions,
): Promise<void> {
  const idEnd = skipString(params, 1);
  expectByte(params, idEnd, COMMA, 'a comma');
  const updates = new MemberReader(params, idEnd + 1);
  while (updates.enter()) {
    const table = tables.get(updates.key());
    if (table === undefined)
      throw new FrameError(`the server told of table "${updates.key()}", which its schema does not have`);
    const rows = new MemberReader(params, updates.valueStart);
    while (rows.enter()) {
      rows.resumeAt(applyRow(table, rows.key(), { params, at: rows.valueStart, listener }));
      if (table.isCrowded) await table.settle(breath);
      if (breath.due()) await breath.rest();
    }
    updates.resumeAt(rows.end);
  }
}

interface RowUpdate {
  readonly params: Buffer;
  readonly at: number;
  readonly listener: ChangeListener | undefined;
}

/** Answers the position after the row's update. */
function applyRow(table: FollowedTable, uuid: string, { params, at, listener }: RowUpdate): number {
  const update = new MemberReader(params, at);
  if (!update.enter()) throw new FrameError('the server told of a row without saying what happened to it');
  switch (update.key()) {
    case 'insert': {
      const { text, end } = table.reader.read(params, update.valueStart);
      table.put(uuid, text);
      listener?.inserted(table.schema, uuid, text);
      update.resumeAt(end);
      break;
    }
    case 'modify': {
      update.skip();
      const difference = parseJson(params.toString('utf8', update.valueStart, update.valueEnd)) as JsonObject;
      const row = table.modify(uuid, difference);
      if (row !== undefined) listener?.modified(table.schema, row, difference);
      break;
    }
    case 'delete':
      update.skip();
      table.remove(uuid);
      listener?.removed(table.schema, uuid);
      break;
    default:
      throw new FrameError(`the server told of "${update.key()}" of a row, which is not known here`);
  }
  if (update.enter()) throw new FrameError('the server told of two changes of a row at once');
  return update.end;
}
