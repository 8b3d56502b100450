/**
 * Reading the document as YAML. Our own layout (yaml-document.ts), and any that indents alike, is read
 * a few rows at a time; any other is loaded whole in a thread of its own, up to a limit. Only JSON's types are known:
 * no tags, no anchors, no merging.
 */
import { isUtf8 } from 'node:buffer';
import { defineScalarTag, JSON_SCHEMA, load, NOT_RESOLVED, YAMLException } from 'js-yaml';
import { AppError, messageOf } from '../lib/error.js';
import { Breath } from '../lib/pause.js';
import type { Row } from '../model/row.js';
import type { TableSchema } from '../ovsdb/database-schema.js';
import { isObject, type Json } from '../ovsdb/json.js';
import { checked, checkFormat, missing, readJsonDocument, trailerText, type Content, type Reading } from './document.js';
import { LineSplitter } from './line-splitter.js';
import { readHeader, type ArchiveHeader } from './manifest.js';
import { readArchivedSchema, SnapshotBuilder } from './snapshot-builder.js';
import { yamlAsJson } from './yaml-thread.js';

/** Text in another layout is held in memory as a whole. */
const OTHER_LAYOUT_BYTES_MAX = 64 << 20;
const HEAD_BYTES_MAX = 8 << 20;
const LINE_BYTES_MAX = 64 << 20;
/** js-yaml reads this in about two milliseconds. */
const BATCH_BYTES = 16 << 10;
const PIECE_BYTES = 16 << 10;
const SPACE = 0x20;
const NEWLINE = 0x0a;

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

/** The text is not laid out as it is read here; another way may read it. */
class LayoutError extends Error {
  override readonly name = 'LayoutError';
}

/** Reads a YAML document. @throws AppError INTEGRITY_FAILED; TOO_LARGE when it is too long for its layout */
export async function readYamlDocument(source: AsyncIterable<Buffer>, reading: Reading): Promise<Content> {
  const rows = new OwnLayout(reading);
  const breath = new Breath(8, 1);
  let kept: Buffer[] = [];
  let bytes = 0;
  let deviation: LayoutError | undefined;
  for await (const chunk of source) {
    bytes += chunk.length;
    // our own archives are in our layout: what was stored here needs no second way
    if (reading.contentDigest === undefined && bytes <= OTHER_LAYOUT_BYTES_MAX) kept.push(chunk);
    else kept = [];
    for (let at = 0; deviation === undefined && at < chunk.length; at += PIECE_BYTES) {
      deviation = tried(() => rows.push(chunk.subarray(at, at + PIECE_BYTES)));
      if (breath.due()) await breath.rest();
    }
    if (deviation !== undefined && kept.length === 0) throw unreadable(deviation, bytes);
  }
  deviation ??= tried(() => rows.end());
  if (deviation === undefined) return rows.finish();
  if (kept.length === 0) throw unreadable(deviation, bytes);
  reading.rows = 0;
  const json = await yamlAsJson(Buffer.concat(kept, bytes), reading.signal);
  return readJsonDocument(oneBuffer(json), reading, DIGEST_NEEDED);
}

async function* oneBuffer(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function tried(step: () => void): LayoutError | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    if (error instanceof LayoutError) return error;
    throw error;
  }
}

function unreadable(error: LayoutError, bytes: number): AppError {
  if (bytes > OTHER_LAYOUT_BYTES_MAX) {
    return new AppError('TOO_LARGE', `The YAML document is not laid out as this program writes it (${error.message}), and in another layout it may have ${String(OTHER_LAYOUT_BYTES_MAX)} bytes at most. Convert it to JSON`, { cause: error });
  }
  return new AppError('INTEGRITY_FAILED', `The YAML document is damaged: ${error.message}. Take another copy of the backup`, { cause: error });
}

/** Reads the layout of yaml-document.ts: rows are what stands between lines of four spaces. */
class OwnLayout {
  private readonly splitter = new LineSplitter((line) => this.line(line));
  private section: 'head' | 'tables' | 'tail' = 'head';
  private gathered: Buffer[] = [];
  private gatheredBytes = 0;
  private readonly tables = new Set<string>();
  private table: TableSchema | undefined;
  private builder: SnapshotBuilder | undefined;
  private header: ArchiveHeader | undefined;
  private trailer: string | undefined;

  constructor(private readonly reading: Reading) {}

  push(piece: Buffer): void {
    this.splitter.push(piece);
    if (this.splitter.held > LINE_BYTES_MAX) throw new LayoutError('a line is too long');
  }

  end(): void {
    this.splitter.flush();
    if (this.section === 'head') throw new LayoutError('it has no line "tables:"');
    if (this.section === 'tables') this.rows();
    else this.tail();
  }

  async finish(): Promise<Content> {
    if (this.builder === undefined) throw new AppError('INTEGRITY_FAILED', 'The document\'s schema is missing. Take another copy of the backup');
    if (this.trailer === undefined) throw missing('contentDigest', DIGEST_NEEDED);
    return checked(await this.builder.finish(), this.header, this.trailer, this.reading);
  }

  private line(line: Buffer): void {
    if (this.section === 'tables') {
      this.tableLine(line);
      return;
    }
    if (this.section === 'head' && line[0] === 0x74 && /^tables:(?: \{\})?\n$/.test(line.toString('latin1', 0, 16))) {
      this.head();
      this.section = line.length > 8 ? 'tail' : 'tables';
      return;
    }
    this.gather(line);
    if (this.gatheredBytes > HEAD_BYTES_MAX) throw new LayoutError('"tables:" does not stand on a line of its own');
  }

  private tableLine(line: Buffer): void {
    const indent = indentOf(line);
    if (indent > 4 || line[indent] === NEWLINE) {
      this.gather(line);
    } else if (indent === 4) {
      if (this.gatheredBytes >= BATCH_BYTES) this.rows();
      this.gather(line);
    } else if (indent === 2) {
      this.rows();
      this.enter(line);
    } else if (indent === 0) {
      this.rows();
      this.section = 'tail';
      this.gather(line);
    } else {
      throw new LayoutError(`a line is indented by ${String(indent)} spaces`);
    }
  }

  private gather(line: Buffer): void {
    this.gathered.push(line);
    this.gatheredBytes += line.length;
  }

  /** Reads what was gathered as one YAML mapping. */
  private loaded(): { readonly [key: string]: Json } {
    const bytes = Buffer.concat(this.gathered, this.gatheredBytes);
    this.gathered = [];
    this.gatheredBytes = 0;
    if (!isUtf8(bytes)) throw new LayoutError('it is no UTF-8 text');
    try {
      const value = load(bytes.toString(), YAML_OPTIONS) as Json;
      if (!isObject(value)) throw new LayoutError('a mapping was expected');
      return value;
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      throw new LayoutError(messageOf(error).split('\n', 1)[0] ?? '', { cause: error });
    }
  }

  private head(): void {
    const { format, manifest, schema, contentDigest } = this.loaded();
    // another order of keys
    if (format === undefined || schema === undefined) throw new LayoutError('"format" and "schema" do not stand before "tables"');
    checkFormat(format);
    if (contentDigest !== undefined) this.trailer = trailerText(contentDigest);
    if (manifest !== undefined) this.header = readHeader(manifest);
    this.builder = new SnapshotBuilder(readArchivedSchema(schema));
  }

  private enter(line: Buffer): void {
    this.gather(line);
    const [entry, ...others] = Object.entries(this.loaded());
    if (entry === undefined || others.length > 0 || this.builder === undefined) throw new LayoutError('a table\'s name was expected');
    const [name, value] = entry;
    // what stands after the colon: nothing
    if (value !== null && value !== '' && !(isObject(value) && Object.keys(value).length === 0)) throw new LayoutError(`table ${name} is not laid out a row after the other`);
    if (this.tables.has(name)) throw new AppError('INTEGRITY_FAILED', `The document holds the table "${name.slice(0, 100)}" twice. Make one of the two`, { place: { table: name } });
    this.tables.add(name);
    this.table = this.builder.table(name);
  }

  private rows(): void {
    if (this.gatheredBytes === 0) return;
    const { table, builder } = this;
    if (table === undefined || builder === undefined) throw new LayoutError('a row stands before the first table');
    for (const [uuid, row] of Object.entries(this.loaded())) {
      if (!isObject(row)) throw new LayoutError(`row ${uuid.slice(0, 100)} is not a mapping`);
      builder.add(table, uuid, row as Row);
      this.reading.rows++;
    }
  }

  private tail(): void {
    if (this.gatheredBytes === 0) return;
    const { contentDigest, ...others } = this.loaded();
    const [other] = Object.keys(others);
    // another order of keys, which the other way reads
    if (other !== undefined) throw new LayoutError(`"${other.slice(0, 100)}" stands after the tables`);
    if (contentDigest !== undefined) this.trailer = trailerText(contentDigest);
  }
}

function indentOf(line: Buffer): number {
  let indent = 0;
  while (line[indent] === SPACE) indent++;
  return indent;
}
