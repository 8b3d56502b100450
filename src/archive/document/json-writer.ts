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

/** Small enough to stay in a core's cache while it is filled, digested and compressed. */
const BLOCK_BYTES = 128 << 10;
/** Around a row: comma, newline, quotes, colon. */
const ROW_EXTRA_BYTES = 2 + 36 + 3;

/**
 * Writes the document in blocks; answers the content digest. A block is only lent: what is asked for next is written
 * over it. (Fresh memory for every block would cost more than filling it.)
 */
export async function* writeJsonDocument(writing: Writing): AsyncGenerator<Buffer, string> {
  const { snapshot } = writing;
  const digest = new ContentDigest(snapshot.schema.name);
  const breath = new Breath(8, 1);
  yield Buffer.from(
    `{"format":${JSON.stringify(DOCUMENT_FORMAT)},\n"manifest":${stringifyJson(headerJson(writing.header))},\n` +
      `"schema":${stringifyJson(snapshot.schema.json)},\n"tables":{`,
  );
  let block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let opening = '\n';
  for (const rows of snapshot.tables.values()) {
    if (rows.count === 0) continue;
    digest.table(rows.table);
    let length = block.write(`${opening}${JSON.stringify(rows.table)}:{\n`);
    opening = ',\n';
    for (let i = 0; i < rows.count; i++) {
      const uuid = rows.uuid(i);
      const text = rows.text(i);
      digest.row(uuid, text);
      if (length + ROW_EXTRA_BYTES + text.length > block.length) {
        yield block.subarray(0, length);
        if (breath.due()) await breath.rest();
        const room = ROW_EXTRA_BYTES + text.length;
        if (room > block.length) block = Buffer.allocUnsafeSlow(room);
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
