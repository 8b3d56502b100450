/**
 * Reads the document as JSON, in any layout of the same tree: every row is then parsed and checked. Only where the
 * content digest is known from outside are rows in the layout of json-writer.ts taken over as bytes.
 */

import { assert } from '../../lib/assert.js';
import { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import { CLOSE_BRACE, COLON, COMMA, OPEN_BRACE, QUOTE } from '../../lib/json-bytes.js';
import { isUuid } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { type ArchiveHeader, readHeader } from '../content/archive-header.js';
import { changedContent, isChangeKind, ReadChanges, strayChanges } from '../content/changed-rows.js';
import { CHANGES_FORMAT, type Content, checkedContent, DOCUMENT_FORMAT, type Reading } from '../content/content.js';
import { EarlyRows } from '../content/early-rows.js';
import {
  checkRowCount,
  readArchivedSchema,
  readJson,
  SnapshotBuilder,
  TABLES_MAX,
} from '../content/snapshot-builder.js';
import { LineSplitter } from '../stream/line-splitter.js';
import { MEMBER_BYTES_MAX, MemberScanner, type MemberTarget, ROW_BYTES_MAX } from '../stream/member-scanner.js';
import { type DocumentFormat, digestText, knownFormat, missingMember } from './document-members.js';

/** Members of a document: four that are known, and notes. */
const MEMBERS_MAX = 1_000;

/** Longest piece that is scanned without a look at the clock. */
const PIECE_BYTES = 32 << 10;
/** A line that is longer goes through the scanner, which keeps no second copy. */
const LINE_BYTES_MAX = 1 << 20;
/** `"<uuid>":{` */
const ROW_VALUE_AT = 1 + 36 + 2;

/**
 * Reads a document of any layout.
 * @param digestNeeded why a document without "contentDigest" is refused, when it is
 * @throws AppError INTEGRITY_FAILED on anything that is malformed, does not fit the schema inside, or not the digest
 */
export async function readJsonDocument(
  source: AsyncIterable<Buffer>,
  reading: Reading,
  digestNeeded?: string,
): Promise<Content> {
  const target = new DocumentTarget(reading, digestNeeded);
  const scanner = new MemberScanner(target, 'The document');
  const breath = new Breath(8, 1);
  const lines = reading.contentDigest === undefined ? undefined : new OwnLines(scanner, target);
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      if (lines === undefined) scanner.push(piece);
      else lines.push(piece);
      await reading.scratch?.drained();
      if (breath.due()) await breath.rest();
    }
  }
  lines?.end();
  scanner.end();
  return target.finish();
}

/** Takes rows in the layout of writeJsonDocument as bytes, line by line, and gives everything else to the scanner. */
class OwnLines {
  private readonly splitter = new LineSplitter((line) => this.line(line));

  constructor(
    private readonly scanner: MemberScanner,
    private readonly target: DocumentTarget,
  ) {}

  push(chunk: Buffer): void {
    this.splitter.push(chunk);
    if (this.splitter.held > LINE_BYTES_MAX) this.end();
  }

  end(): void {
    this.splitter.flush();
  }

  private line(line: Buffer): void {
    const { scanner, target } = this;
    const comma = line[line.length - 2] === COMMA;
    const end = line.length - (comma ? 2 : 1);
    const isRow =
      scanner.depthOfNextKey === 3 &&
      line[0] === QUOTE &&
      line[ROW_VALUE_AT - 2] === QUOTE &&
      line[ROW_VALUE_AT - 1] === COLON &&
      line[ROW_VALUE_AT] === OPEN_BRACE &&
      line[end - 1] === CLOSE_BRACE;
    const uuid = isRow ? line.toString('latin1', 1, ROW_VALUE_AT - 2) : '';
    if (!isUuid(uuid) || !target.takeOver(uuid, line.subarray(ROW_VALUE_AT, end))) {
      scanner.push(line);
      return;
    }
    scanner.passed(line.length, comma);
  }
}

/** Takes the members of a document in any order and makes content of them. */
class DocumentTarget implements MemberTarget {
  private readonly members = new Set<string>();
  private readonly tables = new Set<string>();
  private builder: SnapshotBuilder | undefined;
  private header: ArchiveHeader | undefined;
  private trailer: string | undefined;
  private table: TableSchema | undefined;
  private format: DocumentFormat | undefined;
  private readonly changes = new ReadChanges();
  /** There are rows that are no changes. */
  private hasRows = false;
  private readonly early: EarlyRows;

  constructor(
    private readonly reading: Reading,
    private readonly digestNeeded: string | undefined,
  ) {
    this.early = new EarlyRows(reading.scratch);
  }

  descends(path: readonly string[]): boolean {
    const [member = '', table] = path;
    if (path.length === 1) {
      if (this.members.size >= MEMBERS_MAX)
        throw new AppError(
          'INTEGRITY_FAILED',
          `The document holds more than ${MEMBERS_MAX} members beside its tables: it is no backup`,
        );
      if (this.members.has(member))
        throw new AppError(
          'INTEGRITY_FAILED',
          `The document holds "${member.slice(0, 100)}" twice. Remove one of the two`,
        );
      this.members.add(member);
    }
    if (member !== 'tables') return false;
    if (path.length === 2 && table !== undefined) this.enter(table);
    return path.length <= 2 || (path.length === 3 && isChangeKind(path[2] ?? ''));
  }

  get isKnown(): boolean {
    return this.reading.contentDigest !== undefined;
  }

  bytesMax(path: readonly string[]): number {
    return path.length >= 3 ? ROW_BYTES_MAX : MEMBER_BYTES_MAX;
  }

  member(path: readonly string[], value: Buffer): void {
    const [member, table, key, uuid] = path;
    if (table !== undefined && key !== undefined) {
      this.count();
      if (uuid !== undefined && isChangeKind(key)) this.changes.add({ table, kind: key, uuid, text: value.toString() });
      else this.row(table, key, value);
      return;
    }
    switch (member) {
      case 'format':
        this.format = knownFormat(readJson(value.toString(), '"format"'));
        break;
      case 'manifest':
        this.header = readHeader(readJson(value.toString(), 'manifest'));
        break;
      case 'schema':
        this.builder = new SnapshotBuilder(
          readArchivedSchema(readJson(value.toString(), 'schema'), this.reading.schemaNames),
          this.reading.scratch,
        );
        break;
      case 'contentDigest':
        this.trailer = digestText(readJson(value.toString(), '"contentDigest"'));
        break;
      default:
        // a note that somebody added
        readJson(value.toString(), `"${String(member).slice(0, 100)}"`);
    }
  }

  /** Takes a row over as it is. False when it has to be parsed. */
  takeOver(uuid: string, text: Buffer): boolean {
    if (this.builder === undefined || this.table === undefined) return false;
    this.hasRows = true;
    this.builder.addCanonical(this.table.name, uuid, text);
    this.count();
    return true;
  }

  async finish(): Promise<Content> {
    const needed = this.format === CHANGES_FORMAT ? ['manifest', 'tables'] : ['format', 'schema', 'tables'];
    for (const member of needed) {
      if (!this.members.has(member))
        throw missingMember(
          member,
          `it is not a whole ${this.format ?? DOCUMENT_FORMAT} document. Take another copy of the backup`,
        );
    }
    if (this.digestNeeded !== undefined && this.trailer === undefined)
      throw missingMember('contentDigest', this.digestNeeded);
    const { builder, changes, header, trailer, reading } = this;
    if (this.format === CHANGES_FORMAT)
      return changedContent({ changes, header, trailer, hasRows: this.hasRows }, reading);
    if (changes.count > 0) throw strayChanges();
    assert(builder !== undefined, 'a schema was read and is not there');
    await this.early.giveTo(builder);
    const snapshot = await builder.finish();
    return checkedContent(snapshot, header, trailer, reading);
  }

  private enter(table: string): void {
    if (this.tables.size >= TABLES_MAX)
      throw new AppError('INTEGRITY_FAILED', `The document holds more than ${TABLES_MAX} tables: it is no backup`);
    if (this.tables.has(table))
      throw new AppError(
        'INTEGRITY_FAILED',
        `The document holds the table "${table.slice(0, 100)}" twice. Make one of the two`,
        { place: { table } },
      );
    this.tables.add(table);
    this.table = this.builder?.table(table);
  }

  private count(): void {
    checkRowCount(++this.reading.rows);
  }

  private row(table: string, uuid: string, value: Buffer): void {
    this.hasRows = true;
    if (this.builder !== undefined && this.table !== undefined) {
      this.builder.addText(this.table, uuid, value);
      return;
    }
    this.early.add(table, uuid, value);
  }
}
