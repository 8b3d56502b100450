/**
 * Writes the document, version 2, as JSON: what changed since the backup that it builds on, one row a line.
 *
 *   {"format":"ovncp-backup/2",
 *   "manifest":{...,"type":"INCREMENTAL","parent":{"id":"...","contentDigest":"sha256:..."},...},
 *   "tables":{
 *   "ACL":{
 *   "inserted":{
 *   "<uuid>":{"action":"allow"}
 *   },
 *   "updated":{
 *   "<uuid>":{"match":{"before":"ip4","after":"ip6"}}
 *   },
 *   "deleted":{
 *   "<uuid>":{"action":"drop"}
 *   }
 *   }
 *   },
 *   "contentDigest":"sha256:..."}
 *
 * The digest is that of all rows as they are after the changes. The schema is the parent's.
 */
import { Breath } from '../../lib/breath.js';
import { stringifyJson } from '../../ovsdb/json.js';
import { headerJson } from '../content/archive-header.js';
import { changedRows } from '../content/changed-rows.js';
import { CHANGES_FORMAT, type Writing } from '../content/content.js';
import { digestOf } from '../content/snapshot-builder.js';

const BLOCK_CHARACTERS = 128 << 10;

/** Writes the document in blocks; answers the content digest. */
export async function* writeJsonChanges(writing: Writing): AsyncGenerator<Buffer, string> {
  const breath = new Breath(8);
  let text =
    `{"format":${JSON.stringify(CHANGES_FORMAT)},\n` +
    `"manifest":${stringifyJson(headerJson(writing.header))},\n"tables":{`;
  let table: string | undefined;
  let kind: string | undefined;
  for (const row of changedRows(writing)) {
    if (row.table !== table) {
      text += `${table === undefined ? '' : '\n}\n},'}\n${JSON.stringify(row.table)}:{\n"${row.kind}":{\n`;
    } else {
      text += row.kind === kind ? ',\n' : `\n},\n"${row.kind}":{\n`;
    }
    ({ table, kind } = row);
    text += `"${row.uuid}":${row.text}`;
    if (text.length >= BLOCK_CHARACTERS) {
      yield Buffer.from(text);
      text = '';
    }
    if (breath.due()) await breath.rest();
  }
  if (table !== undefined) text += '\n}\n}\n';
  const contentDigest = await digestOf(writing.snapshot);
  yield Buffer.from(`${text}},\n"contentDigest":"${contentDigest}"}\n`);
  return contentDigest;
}
