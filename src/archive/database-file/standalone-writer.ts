/**
 * Writing a standalone database file (ovsdb(5)) that ovsdb-server serves and `ovsdb-client restore`
 * takes: records `OVSDB JSON <length> <sha1>`, first the schema, then one transaction with
 * every row. Length and SHA-1 stand before a record, so that rows are gone through twice rather than held.
 */
import { createHash } from 'node:crypto';
import { Breath } from '../../lib/breath.js';
import { encodeRow, type Row } from '../../model/row/row.js';
import { wireRow } from '../../model/row/wire-notation.js';
import { ContentDigest } from '../../model/snapshot/content-digest.js';
import { type TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { stringifyJson } from '../../ovsdb/json.js';
import { headerJson } from '../content/archive-header.js';
import { DOCUMENT_FORMAT, type Writing } from '../content/content.js';

/** Begins the comment of the transaction; the archive header follows as JSON. */
export const COMMENT_MARK = `${DOCUMENT_FORMAT} `;

const BLOCK_CHARACTERS = 128 << 10;

/** Writes the file in blocks; answers the digest of its content, which has no ephemeral columns. */
export async function* writeDatabaseFile(writing: Writing): AsyncGenerator<Buffer, string> {
  const { snapshot } = writing;
  const schema = Buffer.from(`${stringifyJson(snapshot.schema.json)}\n`);
  yield Buffer.from(recordHead(schema.length, createHash('sha1').update(schema).digest('hex')));
  yield schema;
  const digest = new ContentDigest(snapshot.schema.name);
  const sha1 = createHash('sha1');
  let bytes = 0;
  for await (const block of transaction(writing, digest)) {
    sha1.update(block);
    bytes += block.length;
  }
  yield Buffer.from(recordHead(bytes, sha1.digest('hex')));
  yield* transaction(writing);
  return digest.end();
}

function recordHead(bytes: number, sha1: string): string {
  return `OVSDB JSON ${bytes} ${sha1}\n`;
}

/** The transaction's JSON and its newline. With a digest it is the first of two goes and counts no rows. */
async function* transaction(writing: Writing, digest?: ContentDigest): AsyncGenerator<Buffer> {
  const { snapshot, header } = writing;
  const breath = new Breath(8);
  const comment = `${COMMENT_MARK}${stringifyJson(headerJson(header))}`;
  let text = `{"_date":${String(Date.parse(header.createdAt))},"_comment":${JSON.stringify(comment)}`;
  for (const [name, table] of snapshot.schema.tables) {
    const rows = snapshot.tables.get(name);
    if (rows === undefined || rows.count === 0) continue;
    digest?.table(name);
    text += `,${JSON.stringify(name)}:{`;
    const ephemeral = [...table.columns.values()].filter((column) => column.ephemeral).map((column) => column.name);
    for (let i = 0; i < rows.count; i++) {
      const uuid = rows.uuid(i);
      text += `${i === 0 ? '' : ','}"${uuid}":${storedRow(table, rows, i, ephemeral, digest)}`;
      if (digest === undefined) writing.rows++;
      if (text.length >= BLOCK_CHARACTERS) {
        yield Buffer.from(text);
        text = '';
      }
      if (breath.due()) await breath.rest();
    }
    text += '}';
  }
  yield Buffer.from(`${text}}\n`);
}

/** Wire text of a row as a server stores it, its canonical text put into the digest. */
function storedRow(
  table: TableSchema,
  rows: TableRows,
  index: number,
  ephemeral: readonly string[],
  digest: ContentDigest | undefined,
): string {
  const row = rows.row(index);
  if (!ephemeral.some((column) => Object.hasOwn(row, column))) {
    digest?.row(rows.uuid(index), rows.text(index));
    return wireRow(table, row);
  }
  const stored: Row = Object.fromEntries(Object.entries(row).filter(([column]) => !ephemeral.includes(column)));
  digest?.row(rows.uuid(index), Buffer.from(encodeRow(table, stored, rows.uuid(index))));
  return wireRow(table, stored);
}
