/**
 * Reading the database file of a RAFT cluster's member (ovsdb(5), "Clustered Format"): a header with a snapshot, then
 * the entries of the log since, each with a transaction, a new schema and all rows, or (since OVS 3.2) a new schema
 * that the rows are converted to; and in between records of how far entries are committed. They are replayed up to
 * there (raft-entries.ts says which count, and why).
 *
 * Of the history only the entries that are not known to be committed are kept; the state grows and shrinks as the
 * database did. A file that ends inside a record is read up to that one: it cannot be known to be committed. So is one
 * whose last record cannot follow those before it.
 */

import { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import type { DatabaseSchema } from '../../ovsdb/database-schema.js';
import { type Content, checkedContent, type Reading } from '../content/content.js';
import { otherDatabase, readArchivedSchema, readJson, SnapshotBuilder } from '../content/snapshot-builder.js';
import { ByteReader } from '../stream/byte-reader.js';
import { MEMBER_BYTES_MAX, MemberScanner, type MemberTarget } from '../stream/member-scanner.js';
import { OutOfOrder, RaftEntries } from './raft-entries.js';
import { type RaftHeader, type RaftRecord, RecordFields } from './raft-record.js';
import { damaged, type RecordHead, RecordReader } from './record-reader.js';
import { Replay } from './replay.js';
import { type UncommittedRecord, UncommittedRecords } from './uncommitted-records.js';

/**
 * Reads and replays a file; what it does not tell to be committed is left out with a warning.
 * @throws AppError INTEGRITY_FAILED that names the byte where it is damaged; BAD_USER_INPUT for another database, and
 * for a
 *   member that has no data yet; TOO_LARGE
 */
export async function readClusterFile(source: AsyncIterable<Buffer>, reading: Reading): Promise<Content> {
  const reader = new ByteReader(source);
  try {
    const records = new RecordReader(reader, 'CLUSTER');
    const database = new Database(reading);
    const header = await readHeader(records, database, reading);
    const log = new Log(header, database, reading);
    for (let record = await records.next(); record !== undefined; record = await records.next()) {
      if (!(await log.read(records, record))) break;
    }
    const left = await log.end();
    const snapshot = await database.finish();
    return {
      ...(await checkedContent(snapshot, undefined, undefined, reading)),
      warnings: [...records.warnings(), ...left],
    };
  } finally {
    await reader.close();
  }
}

async function readHeader(records: RecordReader, database: Database, reading: Reading): Promise<RaftHeader> {
  const record = await records.next();
  if (record === undefined) throw records.cut ?? damaged(0, 'it does not begin with a header');
  const fields = new RecordFields(record.at, 'prev_data');
  const data = new Commit(record.at, 'prev_data', { database, fields });
  const scanner = new MemberScanner(data, nameOf(record.at));
  await records.read(record, (piece) => {
    scanner.push(piece);
    return reading.scratch?.drained();
  });
  if (records.cut !== undefined) throw records.cut;
  scanner.end();
  const header = fields.header();
  if (reading.schemaNames?.includes(header.name) === false)
    throw otherDatabase(header.name, undefined, reading.schemaNames);
  if (header.isJoining) {
    throw new AppError(
      'BAD_USER_INPUT',
      'The file is that of a member that has not joined its cluster yet: it holds nothing of the database ' +
        `${header.name.slice(0, 100)}. Take the file of another member`,
    );
  }
  if (header.index > 0n) await data.end();
  database.checkName(header.name, record.at);
  return header;
}

const nameOf = (at: number): string => `The database file's record at byte ${at}`;

/** The database as of the entries that were applied. */
class Database {
  private replay: Replay | undefined;

  constructor(private readonly reading: Reading) {}

  /** @throws AppError INTEGRITY_FAILED; BAD_USER_INPUT for another database */
  schemaIn(text: Buffer): DatabaseSchema {
    return readArchivedSchema(readJson(text.toString(), 'schema'), this.reading.schemaNames);
  }

  /** A schema that comes with rows comes with all of them: what was there before is gone. */
  begin(schema: DatabaseSchema): void {
    this.replay = new Replay(new SnapshotBuilder(schema, this.reading.scratch), this.reading);
  }

  /** A schema without rows is one for those that are there. */
  async convert(schema: DatabaseSchema): Promise<void> {
    if (this.replay === undefined) this.begin(schema);
    else await this.replay.convert(schema);
  }

  /** What takes the members of the next transaction. */
  transaction(at: number): Replay {
    if (this.replay === undefined) throw damaged(at, 'rows come before any schema');
    this.replay.begin(false);
    return this.replay;
  }

  checkName(name: string, at: number): void {
    const schemaName = this.replay?.schemaName ?? name;
    if (schemaName !== name)
      throw damaged(
        at,
        `the schema there is that of ${schemaName.slice(0, 100)}, but the file is one of the database ` +
          name.slice(0, 100),
      );
  }

  async finish(): ReturnType<Replay['finish']> {
    if (this.replay === undefined)
      throw new AppError(
        'BAD_USER_INPUT',
        'The file is that of a cluster member that holds no data yet. Take the file of another member',
      );
    return this.replay.finish();
  }
}

interface Around {
  readonly database: Database;
  /** Takes the record's other members; they are passed over when this is left out. */
  readonly fields?: RecordFields;
}

/** Takes `[schema or null, transaction or null]` out of a record and applies it. */
class Commit implements MemberTarget {
  private elementCount = 0;
  private schema: DatabaseSchema | undefined;
  private replay: Replay | undefined;

  constructor(
    private readonly at: number,
    private readonly name: string,
    private readonly around: Around,
  ) {}

  elements(path: readonly string[]): boolean {
    const isData = path.length === 1 && path[0] === this.name;
    if (isData) this.around.fields?.descends(path);
    return isData;
  }

  descends(path: readonly string[], isObject: boolean): boolean {
    if (path[0] !== this.name) return this.around.fields?.descends(path) ?? false;
    if (path.length > 2) return this.replay?.descends(path.slice(2)) ?? false;
    if (path.length === 1) throw this.malformed();
    this.elementCount++;
    if (path[1] !== '1' || !isObject) return false;
    if (this.schema !== undefined) this.around.database.begin(this.schema);
    this.replay = this.around.database.transaction(this.at);
    return true;
  }

  skips(path: readonly string[]): boolean {
    return path[0] !== this.name && this.around.fields === undefined;
  }

  bytesMax(path: readonly string[]): number {
    if (path[0] !== this.name) return this.around.fields?.bytesMax() ?? MEMBER_BYTES_MAX;
    return path.length > 2 ? (this.replay?.bytesMax(path.slice(2)) ?? MEMBER_BYTES_MAX) : MEMBER_BYTES_MAX;
  }

  member(path: readonly string[], value: Buffer): void {
    if (path[0] !== this.name) this.around.fields?.member(path, value);
    else if (path.length > 2) this.replay?.member(path.slice(2), value);
    else if (path[1] === '0' && value.toString() !== 'null') this.schema = this.around.database.schemaIn(value);
    else if (value.toString() !== 'null') throw this.malformed();
  }

  /** Call when the record is whole. */
  async end(): Promise<void> {
    if (this.elementCount !== 2) throw this.malformed();
    if (this.replay !== undefined) await this.replay.commit();
    else if (this.schema !== undefined) await this.around.database.convert(this.schema);
  }

  private malformed(): AppError {
    return damaged(this.at, `"${this.name}" of the record there is not a schema and a transaction`);
  }
}

/** The records after the header. */
class Log {
  private readonly entries: RaftEntries<UncommittedRecord>;
  private readonly uncommitted: UncommittedRecords;
  private readonly breath = new Breath(8, 4);
  private hasLeft = false;
  private outOfOrder: OutOfOrder | undefined;

  constructor(
    private readonly header: RaftHeader,
    private readonly database: Database,
    private readonly reading: Reading,
  ) {
    this.entries = new RaftEntries(header);
    this.uncommitted = new UncommittedRecords(reading.scratch);
  }

  /** Takes a record. False when it is cut. */
  async read(records: RecordReader, head: RecordHead): Promise<boolean> {
    const { reading, uncommitted } = this;
    const fields = new RecordFields(head.at, 'data');
    const scanner = new MemberScanner(fields, nameOf(head.at));
    const bytes: UncommittedRecord = { at: head.at, pieces: [], memoryBytes: 0 };
    const isWhole = await records.read(head, (piece) => {
      scanner.push(piece);
      uncommitted.add(bytes, piece);
      return reading.scratch?.drained();
    });
    if (!isWhole) return false;
    scanner.end();
    const record = fields.record();
    if (record.kind !== 'ENTRY' || !record.hasData) uncommitted.drop(bytes);
    const isOfEntries = record.kind === 'ENTRY' || record.kind === 'COMMIT';
    if (isOfEntries && this.outOfOrder !== undefined) throw this.outOfOrder;
    try {
      await this.take(record, bytes);
    } catch (error) {
      if (!(error instanceof OutOfOrder)) throw error;
      uncommitted.drop(bytes);
      this.outOfOrder = error;
    }
    return true;
  }

  /** Applies what counts of the rest. Answers what is to be said of the file. */
  async end(): Promise<readonly string[]> {
    const { entries } = this;
    if (entries.isAlone) await this.commit(entries.last, 0);
    const warnings: string[] = [];
    const left = entries.uncommitted.filter(({ data }) => data !== undefined);
    const [first] = left;
    if (first !== undefined) {
      warnings.push(
        `${left.length} of the log's entries (from entry ${first.index} at byte ${first.at}) were left out: the ` +
          'file does not say that they were committed, and their clients may have been told that they failed. If ' +
          'more is expected, take the file of another member',
      );
    }
    if (this.outOfOrder !== undefined) {
      const { at, what } = this.outOfOrder;
      warnings.push(
        `The file's last record, at byte ${at}, cannot follow those before it (${what}), and ovsdb-server would not ` +
          'start on it: the file was read as it is committed before that record. If more is expected, take the file ' +
          'of another member',
      );
    }
    if (this.hasLeft) warnings.push('The member has left its cluster: the file holds what it knew until then');
    return warnings;
  }

  private async take(record: RaftRecord, bytes: UncommittedRecord): Promise<void> {
    const { at } = bytes;
    switch (record.kind) {
      case 'ENTRY': {
        const { index, term, members, hasData } = record;
        const entry = { index, term, at, members, data: hasData ? bytes : undefined };
        for (const { data } of this.entries.append(entry)) if (data !== undefined) this.uncommitted.drop(data);
        break;
      }
      case 'COMMIT':
        await this.commit(record.index, at);
        break;
      case 'NOTE':
        this.hasLeft ||= record.note === 'left';
        break;
      case 'OTHER':
    }
  }

  private async commit(index: bigint, at: number): Promise<void> {
    for (const { data } of this.entries.commit(index, at)) if (data !== undefined) await this.apply(data);
  }

  private async apply(record: UncommittedRecord): Promise<void> {
    const { at } = record;
    const commit = new Commit(at, 'data', { database: this.database });
    const scanner = new MemberScanner(commit, nameOf(at));
    for (const piece of this.uncommitted.take(record)) {
      scanner.push(piece);
      await this.reading.scratch?.drained();
      if (this.breath.due()) await this.breath.rest();
    }
    scanner.end();
    await commit.end();
    this.database.checkName(this.header.name, at);
  }
}
