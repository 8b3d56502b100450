/**
 * Writes the document, version 1, as JSON: one row a line, tables and columns in the order of their names,
 * rows in the order of their UUIDs, so that `diff` and any reader of JSON can use it.
 *
 *   {"format":"ovncp-backup/1",
 *   "manifest":{...},
 *   "schema":{...},
 *   "tables":{
 *   "ACL":{
 *   "<uuid>":{"action":"allow"},
 *   "<uuid>":{...}
 *   }
 *   },
 *   "contentDigest":"sha256:..."}
 */

import { Breath } from '../../lib/breath.js';
import { COLON, COMMA, NEWLINE, QUOTE } from '../../lib/json-bytes.js';
import { ContentDigest } from '../../model/snapshot/content-digest.js';
import { stringifyJson } from '../../ovsdb/json.js';
import { headerJson } from '../content/archive-header.js';
import { DOCUMENT_FORMAT, type Writing } from '../content/content.js';

const BLOCK_BYTES = 256 << 10;
/** Around a row: comma, newline, quotes, colon. */
const ROW_EXTRA_BYTES = 2 + 36 + 3;

/** Writes the document in blocks; answers the content digest. */
export async function* writeJsonDocument(writing: Writing): AsyncGenerator<Buffer, string> {
  const { snapshot } = writing;
  const digest = new ContentDigest(snapshot.schema.name);
  const breath = new Breath(8, 1);
  yield Buffer.from(
    `{"format":${JSON.stringify(DOCUMENT_FORMAT)},\n"manifest":${stringifyJson(headerJson(writing.header))},\n` +
      `"schema":${stringifyJson(snapshot.schema.json)},\n"tables":{`,
  );
  let opening = '\n';
  for (const rows of snapshot.tables.values()) {
    if (rows.count === 0) continue;
    digest.table(rows.table);
    let block = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, 4096 + rows.count * 512));
    let length = block.write(`${opening}${JSON.stringify(rows.table)}:{\n`);
    opening = ',\n';
    for (let i = 0; i < rows.count; i++) {
      const uuid = rows.uuid(i);
      const text = rows.text(i);
      digest.row(uuid, text);
      if (length + ROW_EXTRA_BYTES + text.length > block.length) {
        yield block.subarray(0, length);
        if (breath.due()) await breath.rest();
        block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, ROW_EXTRA_BYTES + text.length));
        length = 0;
      }
      writing.rows++;
      if (i > 0) {
        block[length++] = COMMA;
        block[length++] = NEWLINE;
      }
      block[length++] = QUOTE;
      length += block.write(uuid, length, 'latin1');
      block[length++] = QUOTE;
      block[length++] = COLON;
      length += text.copy(block, length);
    }
    yield block.subarray(0, length);
    yield Buffer.from('\n}');
  }
  const contentDigest = digest.end();
  yield Buffer.from(`\n},\n"contentDigest":"${contentDigest}"}\n`);
  return contentDigest;
}
