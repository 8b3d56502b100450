/**
 * Reading the document as YAML. Our own layout (yaml-writer.ts), and any that indents alike, is read
 * a few rows at a time; any other is loaded whole in a thread of its own, up to a limit. Only JSON's types are known:
 * no tags, no anchors, no merging.
 */
import { isUtf8 } from 'node:buffer';
import { defineScalarTag, JSON_SCHEMA, load, NOT_RESOLVED, YAMLException } from 'js-yaml';
import { Breath } from '../../lib/breath.js';
import { AppError, messageOf } from '../../lib/error.js';
import type { Row } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { isObject, type Json, type JsonObject, parseJson, stringifyJson } from '../../ovsdb/json.js';
import { type ArchiveHeader, readHeader } from '../content/archive-header.js';
import { type ChangeKind, changedContent, isChangeKind, ReadChanges, strayChanges } from '../content/changed-rows.js';
import { CHANGES_FORMAT, type Content, checkedContent, type Reading } from '../content/content.js';
import { EarlyRows } from '../content/early-rows.js';
import { checkRowCount, readArchivedSchema, SnapshotBuilder, TABLES_MAX } from '../content/snapshot-builder.js';
import { GrowingBuffer } from '../stream/growing-buffer.js';
import { type DocumentFormat, digestText, knownFormat, missingMember } from './document-members.js';
import { readJsonDocument } from './json-reader.js';
import { LayoutError, YamlLayout, type YamlPart } from './yaml-layout.js';
import { yamlAsJson } from './yaml-thread.js';

/** Text in another layout is held in memory as a whole. */
const OTHER_LAYOUT_BYTES_MAX = 16 << 20;
/** A part that is longer is read in a thread of its own: js-yaml takes some 30 ms for this. */
const AT_ONCE_BYTES_MAX = 256 << 10;
const PIECE_BYTES = 16 << 10;

/** Integers past 2^53 stay exact. */
const exactInteger = defineScalarTag<number | bigint>('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: Array.from('-0123456789'),
  identify: () => false,
  resolve: (source) => {
    if (!/^-?(?:0|[1-9]\d*)$/.test(source)) return NOT_RESOLVED;
    const number = Number(source);
    return Number.isSafeInteger(number) ? number : BigInt(source);
  },
});
const YAML_OPTIONS = { schema: JSON_SCHEMA.withTags(exactInteger), maxAliases: 0 };

/** Text that is cut after a line is still good YAML: only its last member shows that it is whole. */
const DIGEST_NEEDED = 'it may be cut. Take another copy; if it was made by hand, end it with "contentDigest: none"';

/** Reads a YAML document. @throws AppError INTEGRITY_FAILED; TOO_LARGE when it is too long for its layout */
export async function readYamlDocument(source: AsyncIterable<Buffer>, reading: Reading): Promise<Content> {
  const document = new OwnLayout(reading);
  const breath = new Breath(8, 1);
  const kept = new KeptText(reading);
  let bytes = 0;
  let deviation: LayoutError | undefined;
  for await (const chunk of source) {
    bytes += chunk.length;
    // our own archives are in our layout: what was stored here needs no second way
    if (reading.contentDigest === undefined && bytes <= OTHER_LAYOUT_BYTES_MAX) kept.push(chunk);
    else kept.clear();
    for (let at = 0; deviation === undefined && at < chunk.length; at += PIECE_BYTES) {
      deviation = await tried(() => document.push(chunk.subarray(at, at + PIECE_BYTES)));
      await reading.scratch?.drained();
      if (breath.due()) await breath.rest();
    }
    if (deviation !== undefined && kept.isEmpty) throw unreadable(deviation, bytes);
  }
  deviation ??= await tried(() => document.end());
  if (deviation === undefined) return document.finish();
  if (kept.isEmpty) throw unreadable(deviation, bytes);
  reading.rows = 0;
  const json = await yamlAsJson(kept.take(), reading.clock, reading.signal);
  return readJsonDocument(oneBuffer(json), reading, DIGEST_NEEDED);
}

async function* oneBuffer(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function tried(step: () => Promise<void>): Promise<LayoutError | undefined> {
  try {
    await step();
    return undefined;
  } catch (error) {
    if (error instanceof LayoutError) return error;
    throw error;
  }
}

function unreadable(error: LayoutError, bytes: number): AppError {
  if (bytes > OTHER_LAYOUT_BYTES_MAX) {
    return new AppError(
      'TOO_LARGE',
      `The YAML document is not laid out as this program writes it (${error.message}), and in another layout it ` +
        `may have ${OTHER_LAYOUT_BYTES_MAX} bytes at most. Convert it to JSON`,
      { cause: error },
    );
  }
  return new AppError(
    'INTEGRITY_FAILED',
    `The YAML document is damaged: ${error.message}. Take another copy of the backup`,
    { cause: error },
  );
}

/** The text so far, should it turn out to be in another layout. On scratch space where there is some. */
class KeptText {
  private readonly places: { readonly at: number; readonly bytes: number }[] = [];
  private readonly gathered = new GrowingBuffer();

  constructor(private readonly reading: Reading) {}

  get isEmpty(): boolean {
    return this.gathered.length === 0 && this.places.length === 0;
  }

  push(chunk: Buffer): void {
    const { scratch } = this.reading;
    if (scratch === undefined) this.gathered.push(chunk);
    else if (chunk.length > 0) this.places.push({ at: scratch.append(chunk), bytes: chunk.length });
  }

  clear(): void {
    this.places.length = 0;
    this.gathered.take();
  }

  take(): Buffer {
    const { scratch } = this.reading;
    for (const { at, bytes } of this.places)
      if (scratch !== undefined) this.gathered.push(Buffer.from(scratch.read(at, bytes)));
    this.places.length = 0;
    return this.gathered.take();
  }
}

/** Reads the parts of a document in the layout of yaml-writer.ts, the schema before or after the tables. */
class OwnLayout {
  private readonly layout: YamlLayout;
  private readonly tables = new Set<string>();
  private readonly early: EarlyRows;
  private tableName: string | undefined;
  /** Once the schema is known. */
  private table: TableSchema | undefined;
  private builder: SnapshotBuilder | undefined;
  private header: ArchiveHeader | undefined;
  private trailer: string | undefined;
  private format: DocumentFormat | undefined;
  private readonly changes = new ReadChanges();
  /** There are rows that are no changes. */
  private hasRows = false;

  constructor(private readonly reading: Reading) {
    this.layout = new YamlLayout(reading.contentDigest !== undefined);
    this.early = new EarlyRows(reading.scratch);
  }

  async push(piece: Buffer): Promise<void> {
    for (const part of this.layout.push(piece)) await this.part(part);
  }

  async end(): Promise<void> {
    for (const part of this.layout.end()) await this.part(part);
  }

  async finish(): Promise<Content> {
    const { changes, header, trailer, hasRows } = this;
    if (this.format === CHANGES_FORMAT && trailer !== undefined)
      return changedContent({ changes, header, trailer, hasRows }, this.reading);
    if (changes.count > 0) throw strayChanges();
    if (this.builder === undefined)
      throw new AppError('INTEGRITY_FAILED', "The document's schema is missing. Take another copy of the backup");
    if (this.trailer === undefined) throw missingMember('contentDigest', DIGEST_NEEDED);
    await this.early.giveTo(this.builder);
    return checkedContent(await this.builder.finish(), this.header, this.trailer, this.reading);
  }

  private async part({ kind, bytes }: YamlPart): Promise<void> {
    const members = await loaded(bytes, this.reading);
    switch (kind) {
      case 'head':
        this.head(members);
        break;
      case 'table':
        this.enter(members);
        break;
      case 'rows':
        this.rows(members);
        break;
      case 'tail':
        this.tail(members);
    }
  }

  private head({ format, manifest, schema, contentDigest }: JsonObject): void {
    // another order of keys
    if (format === undefined) throw new LayoutError('"format" does not stand before "tables"');
    this.format = knownFormat(format);
    if (contentDigest !== undefined) this.trailer = digestText(contentDigest);
    if (manifest !== undefined) this.header = readHeader(manifest);
    if (schema !== undefined) this.builder = this.builderFor(schema);
  }

  private builderFor(schema: Json): SnapshotBuilder {
    return new SnapshotBuilder(readArchivedSchema(schema, this.reading.schemaNames), this.reading.scratch);
  }

  private enter(members: JsonObject): void {
    const [entry, ...others] = Object.entries(members);
    if (entry === undefined || others.length > 0) throw new LayoutError("a table's name was expected");
    const [name, value] = entry;
    // what stands after the colon: nothing
    if (value !== null && value !== '' && !(isObject(value) && Object.keys(value).length === 0))
      throw new LayoutError(`table ${name.slice(0, 100)} is not laid out a row after the other`);
    if (this.tables.has(name))
      throw new AppError(
        'INTEGRITY_FAILED',
        `The document holds the table "${name.slice(0, 100)}" twice. Make one of the two`,
        { place: { table: name.slice(0, 100) } },
      );
    if (this.tables.size >= TABLES_MAX)
      throw new AppError('INTEGRITY_FAILED', `The document holds more than ${TABLES_MAX} tables: it is no backup`);
    this.tables.add(name);
    this.tableName = name;
    this.table = this.builder?.table(name);
  }

  private rows(members: JsonObject): void {
    const { tableName, table, builder } = this;
    if (tableName === undefined) throw new LayoutError('a row stands before the first table');
    for (const [uuid, row] of Object.entries(members)) {
      if (!isObject(row)) throw new LayoutError(`row ${uuid.slice(0, 100)} is not a mapping`);
      if (isChangeKind(uuid)) {
        this.changedRows(tableName, uuid, row);
        continue;
      }
      this.hasRows = true;
      if (table === undefined || builder === undefined) this.early.add(tableName, uuid, stringifyJson(row));
      else builder.add(table, uuid, row as Row);
      checkRowCount(++this.reading.rows);
    }
  }

  private changedRows(table: string, kind: ChangeKind, rows: JsonObject): void {
    for (const [uuid, row] of Object.entries(rows)) {
      this.changes.add({ table, kind, uuid, text: stringifyJson(row) });
      checkRowCount(++this.reading.rows);
    }
  }

  private tail({ schema, contentDigest, ...others }: JsonObject): void {
    const [other] = Object.keys(others);
    // another order of keys, which the other way reads
    if (other !== undefined) throw new LayoutError(`"${other.slice(0, 100)}" stands after the tables`);
    if (schema !== undefined && this.builder !== undefined)
      throw new AppError('INTEGRITY_FAILED', 'The document holds "schema" twice. Remove one of the two');
    if (schema !== undefined) this.builder = this.builderFor(schema);
    if (contentDigest !== undefined) this.trailer = digestText(contentDigest);
  }
}

/** Reads a part as one YAML mapping. @throws LayoutError; the signal's reason when aborted */
async function loaded(bytes: Buffer, { clock, signal }: Reading): Promise<JsonObject> {
  if (!isUtf8(bytes)) throw new LayoutError('it is no UTF-8 text');
  try {
    const value =
      bytes.length > AT_ONCE_BYTES_MAX
        ? parseJson((await yamlAsJson(bytes, clock, signal)).toString())
        : (load(bytes.toString(), YAML_OPTIONS) as Json);
    if (!isObject(value)) throw new LayoutError('a mapping was expected');
    return value;
  } catch (error) {
    const isUnreadable =
      error instanceof YAMLException || (error instanceof AppError && error.code === 'INTEGRITY_FAILED');
    if (!isUnreadable) throw error;
    throw new LayoutError(messageOf(error).split('\n', 1)[0] ?? '', { cause: error });
  }
}
