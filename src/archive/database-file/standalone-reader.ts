/**
 * Reading a standalone database file (ovsdb(5)): the schema, then every transaction since, replayed to the
 * state at the end. That is what `ovsdb-client backup` writes and ovsdb-server keeps. Its schema never changes: to
 * convert a standalone database, ovsdb-server and ovsdb-tool write the file anew.
 *
 * A file that ends inside a transaction is read up to that one, unless it is the first: that has all rows in
 * what `ovsdb-client backup` and compaction write, and without it a file that was cut would pass for an empty database.
 */

import { type ArchiveHeader, readHeader } from '../content/archive-header.js';
import { type Content, checkedContent, type Reading } from '../content/content.js';
import { readArchivedSchema, readJson, SnapshotBuilder } from '../content/snapshot-builder.js';
import { ByteReader } from '../stream/byte-reader.js';
import { MEMBER_BYTES_MAX, MemberScanner } from '../stream/member-scanner.js';
import { damaged, type RecordHead, RecordReader } from './record-reader.js';
import { Replay } from './replay.js';
import { COMMENT_MARK } from './standalone-writer.js';

/**
 * Reads and replays a file.
 * @throws AppError INTEGRITY_FAILED that names the byte where it is cut or damaged; BAD_USER_INPUT for another database
 */
export async function readStandaloneFile(source: AsyncIterable<Buffer>, reading: Reading): Promise<Content> {
  const reader = new ByteReader(source);
  try {
    const records = new RecordReader(reader, 'JSON');
    const replay = new Replay(await schemaOf(records, reading), reading);
    let header: ArchiveHeader | undefined;
    let isFirst = true;
    for (let record = await records.next(); record !== undefined; record = await records.next()) {
      if (!(await replayed(records, record, { replay, mayEndEarly: !isFirst, reading }))) break;
      // a header describes the transaction that it came with, not what was changed since
      header = isFirst ? headerIn(replay.comment) : undefined;
      isFirst = false;
    }
    if (isFirst && records.cut !== undefined) throw records.cut;
    const warnings = records.warnings();
    return { ...(await checkedContent(await replay.finish(), header, undefined, reading)), warnings };
  } finally {
    await reader.close();
  }
}

async function schemaOf(records: RecordReader, reading: Reading): Promise<SnapshotBuilder> {
  const record = await records.next();
  if (record === undefined || record.bytes > MEMBER_BYTES_MAX)
    throw records.cut ?? damaged(0, 'it does not begin with a schema');
  const pieces: Buffer[] = [];
  await records.read(record, (piece) => {
    pieces.push(piece);
    return undefined;
  });
  if (records.cut !== undefined) throw records.cut;
  return new SnapshotBuilder(
    readArchivedSchema(readJson(Buffer.concat(pieces).toString(), 'schema'), reading.schemaNames),
    reading.scratch,
  );
}

interface Replaying {
  readonly replay: Replay;
  readonly mayEndEarly: boolean;
  readonly reading: Reading;
}

/** False when the record is cut: the state is then that before it. */
async function replayed(
  records: RecordReader,
  record: RecordHead,
  { replay, mayEndEarly, reading }: Replaying,
): Promise<boolean> {
  const scanner = new MemberScanner(replay, `The database file's record at byte ${record.at}`);
  replay.begin(mayEndEarly);
  const isWhole = await records.read(record, (piece) => {
    scanner.push(piece);
    return reading.scratch?.drained();
  });
  if (!isWhole) {
    if (mayEndEarly) replay.abort();
    return false;
  }
  scanner.end();
  await replay.commit();
  return true;
}

function headerIn(comment: string | undefined): ArchiveHeader | undefined {
  return comment?.startsWith(COMMENT_MARK) === true
    ? readHeader(readJson(comment.slice(COMMENT_MARK.length), 'manifest'))
    : undefined;
}
