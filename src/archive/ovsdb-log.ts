/**
 * Reading a standalone database file (ovsdb(5)): the schema, then every transaction since, replayed to the
 * state at the end. That is what `ovsdb-client backup` writes and ovsdb-server keeps.
 *
 * A record's transaction holds table -> UUID -> columns, or null for a deleted row. With
 * `_is_diff` (OVS 2.15 and newer) columns of sets and maps hold the difference to what was there.
 * Only the results of transactions are logged: weak references and garbage need no replay.
 */
import { createHash } from 'node:crypto';
import { AppError } from '../lib/error.js';
import { Breath } from '../lib/pause.js';
import { isObject } from '../ovsdb/json.js';
import { ByteReader } from './byte-reader.js';
import { checked, type Content, type Reading } from './document.js';
import { readHeader, type ArchiveHeader } from './manifest.js';
import { MemberScanner, type MemberTarget } from './member-scanner.js';
import { COMMENT_MARK } from './ovsdb-file.js';
import { ReplayedTable } from './replayed-table.js';
import { readArchivedSchema, readJson, SnapshotBuilder } from './snapshot-builder.js';

const RECORD_HEAD = /^OVSDB JSON (\d{1,15}) ([0-9a-f]{40})\n/;
const RECORD_HEAD_BYTES_MAX = 80;
const SCHEMA_BYTES_MAX = 64 << 20;
const PIECE_BYTES = 32 << 10;

/** Reads and replays a file. @throws AppError INTEGRITY_FAILED that names the byte where it is cut or damaged */
export async function readOvsdbFile(source: AsyncIterable<Buffer>, reading: Reading): Promise<Content> {
  const reader = new ByteReader(source);
  try {
    const schemaRecord = await nextRecord(reader);
    if (schemaRecord === undefined || schemaRecord.bytes > SCHEMA_BYTES_MAX) throw damaged(0, 'it does not begin with a schema');
    const pieces: Buffer[] = [];
    await readRecord(reader, schemaRecord, (piece) => pieces.push(piece));
    const replay = new Replay(new SnapshotBuilder(readArchivedSchema(readJson(Buffer.concat(pieces).toString(), 'schema'))), reading);
    for (;;) {
      const record = await nextRecord(reader);
      if (record === undefined) break;
      replay.begin(record.at);
      await readRecord(reader, record, (piece) => replay.push(piece));
      await replay.commit();
    }
    const snapshot = await (await replay.finish()).finish();
    return await checked(snapshot, replay.header, undefined, reading);
  } finally {
    await reader.close();
  }
}

interface RecordHead {
  /** Where it begins in the file. */
  readonly at: number;
  readonly bytes: number;
  readonly sha1: string;
}

async function nextRecord(reader: ByteReader): Promise<RecordHead | undefined> {
  const at = reader.offset;
  const head = (await reader.peek(RECORD_HEAD_BYTES_MAX)).toString('latin1');
  if (head === '') return undefined;
  const match = RECORD_HEAD.exec(head);
  if (match === null) throw damaged(at, 'a record is cut or does not begin as a record of a standalone database does');
  await reader.take(match[0].length);
  return { at, bytes: Number(match[1]), sha1: match[2] as string };
}

async function readRecord(reader: ByteReader, record: RecordHead, take: (piece: Buffer) => void): Promise<void> {
  const sha1 = createHash('sha1');
  const breath = new Breath(8, 1);
  for (let left = record.bytes; left > 0; ) {
    const piece = await reader.some(Math.min(left, PIECE_BYTES));
    if (piece === undefined) throw damaged(record.at, `the record there is cut: ${String(left)} of its ${String(record.bytes)} bytes are missing`);
    left -= piece.length;
    sha1.update(piece);
    take(piece);
    if (breath.due()) await breath.rest();
  }
  if (sha1.digest('hex') !== record.sha1) throw damaged(record.at, 'the record there does not match its SHA-1');
}

/** Rows that a transaction changes or deletes, kept until it is known whether it holds differences. */
interface Change {
  readonly table: ReplayedTable;
  readonly uuid: string;
  readonly text: string;
}

/** The state of all tables while records are replayed. */
class Replay implements MemberTarget {
  header: ArchiveHeader | undefined;
  private readonly tables = new Map<string, ReplayedTable>();
  private scanner: MemberScanner | undefined;
  private changes: Change[] = [];
  private isDiff = false;
  private transactions = 0;

  constructor(
    private readonly builder: SnapshotBuilder,
    private readonly reading: Reading,
  ) {}

  begin(at: number): void {
    this.scanner = new MemberScanner(this, `The database file's record at byte ${String(at)}`);
    this.isDiff = false;
    this.transactions++;
    // a manifest describes the transaction that it came with, not what was changed since
    this.header = undefined;
  }

  push(piece: Buffer): void {
    this.scanner?.push(piece);
  }

  descends(path: readonly string[]): boolean {
    return path.length === 1 && path[0]?.startsWith('_') !== true;
  }

  member(path: readonly string[], value: Buffer): void {
    const [name = '', uuid] = path;
    if (uuid !== undefined) {
      this.row(this.table(name), uuid, value.toString());
      return;
    }
    const json = readJson(value.toString(), `"${name.slice(0, 100)}"`);
    if (name === '_is_diff') this.isDiff = json === true;
    if (name === '_comment' && this.transactions === 1 && typeof json === 'string' && json.startsWith(COMMENT_MARK)) {
      this.header = readHeader(readJson(json.slice(COMMENT_MARK.length), 'manifest'));
    }
  }

  /** Applies what the record changed, once all of it was read. */
  async commit(): Promise<void> {
    this.scanner?.end();
    const breath = new Breath();
    for (const { table, uuid, text } of this.changes) {
      const json = readJson(text, `row ${uuid.slice(0, 100)}`);
      if (json === null) table.remove(uuid);
      else table.change(uuid, json, this.isDiff);
      if (breath.due()) await breath.rest();
    }
    this.changes = [];
    for (const table of this.tables.values()) if (table.isCrowded) await table.settle();
  }

  async finish(): Promise<SnapshotBuilder> {
    for (const table of this.tables.values()) this.builder.adopt(await table.settle());
    return this.builder;
  }

  private row(table: ReplayedTable, uuid: string, text: string): void {
    this.reading.rows++;
    if (text === 'null' || table.has(uuid)) {
      this.changes.push({ table, uuid, text });
      return;
    }
    const json = readJson(text, `row ${uuid.slice(0, 100)}`);
    if (!isObject(json)) throw new AppError('INTEGRITY_FAILED', `The database file's row ${table.name} ${uuid.slice(0, 100)} is not an object. Take another copy of the file`);
    table.insert(uuid, json);
  }

  private table(name: string): ReplayedTable {
    let table = this.tables.get(name);
    if (table === undefined) {
      table = new ReplayedTable(this.builder.table(name));
      this.tables.set(name, table);
    }
    return table;
  }
}

function damaged(at: number, what: string): AppError {
  return new AppError('INTEGRITY_FAILED', `The database file is damaged at byte ${String(at)}: ${what}. Take another copy, or let ovsdb-server compact the file first`);
}
