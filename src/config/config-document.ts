/**
 * The configuration file as YAML: its values without tags and anchors, and the line and column of each. A value that is
 * not quoted is taken as it is written, so that 0755 or 1e3 are not read as other numbers.
 */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { changeableByOthers } from '../lib/file/own-file.js';
import { reasonOf } from '../lib/system-error.js';
import { withoutMark } from '../lib/text/byte-order-mark.js';

/** undefined stands for what is empty: it counts as not set. */
export type Plain = string | boolean | undefined | readonly Plain[] | PlainMap;
export interface PlainMap {
  readonly [key: string]: Plain;
}
export type Path = readonly (string | number)[];

const FILE_BYTES_MAX = 1024 * 1024;
const VALUES_MAX = 20_000;
const DEPTH_MAX = 20;

export class ConfigDocument {
  /** Whole lines, of what is wrong with it as YAML. */
  readonly faults: readonly string[];
  readonly root: PlainMap;
  private readonly lines = new LineCounter();
  private readonly document: Document;
  private values = 0;

  private constructor(
    readonly file: string,
    readonly stats: Stats,
    text: string,
  ) {
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false, logLevel: 'silent' });
    const { errors, contents } = this.document;
    const faults = errors.map(
      ({ pos: [offset], message }) => `${this.placeOf(offset)}: is not YAML: ${cause(message)}`,
    );
    if (faults.length === 0 && contents !== null && !isMap(contents) && !isEmpty(contents))
      faults.push(`${this.placeOf(0)}: is no list of settings; write lines such as "port: 4000"`);
    let root: Plain;
    try {
      root = faults.length === 0 ? this.plain(contents, 0) : {};
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      faults.push(`${this.placeOf(error.offset)}: ${error.message}`);
    }
    this.faults = faults;
    this.root = isPlainMap(root) ? root : {};
  }

  /** @throws ConfigFileError where it cannot be read, or must not be believed */
  static read(file: string): ConfigDocument {
    let stats: Stats;
    let text: string;
    try {
      stats = statSync(file);
      const fault = !stats.isFile()
        ? 'is not a file'
        : stats.size > FILE_BYTES_MAX
          ? `is larger than ${FILE_BYTES_MAX} bytes: is it another file?`
          : changeableByOthers(stats, dirname(file));
      if (fault !== undefined) throw new ConfigFileError(`The configuration file ${file} ${fault}`);
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if (error instanceof ConfigFileError) throw error;
      throw new ConfigFileError(
        `OVNCP_CONFIG: "${file}" cannot be read (${reasonOf(error)}); name a file that this process may read`,
        { cause: error },
      );
    }
    return new ConfigDocument(file, stats, withoutMark(text));
  }

  /** "/etc/ovncp.yaml:12:5" of a value; of what it would be in, where there is none. */
  at(path: Path): string {
    return this.placeOf(this.offsetOf(path, false));
  }

  /** The same of the key. */
  atKey(path: Path): string {
    return this.placeOf(this.offsetOf(path, true));
  }

  private placeOf(offset: number): string {
    const { line, col } = this.lines.linePos(offset);
    return `${this.file}:${line}:${col}`;
  }

  private offsetOf(path: Path, ofKey: boolean): number {
    let node: unknown = this.document.contents;
    let offset = 0;
    for (const [i, step] of path.entries()) {
      const held = this.resolved(node);
      offset = startOf(held) ?? offset;
      if (isSeq(held)) node = held.items[Number(step)];
      else if (isMap(held)) {
        const pair = held.items.find(({ key }) => keyText(key) === step);
        if (ofKey && i === path.length - 1 && pair !== undefined) return startOf(pair.key) ?? offset;
        // what has no value stands at its key
        offset = startOf(pair?.key) ?? offset;
        node = pair?.value;
      } else return offset;
    }
    return startOf(node) ?? offset;
  }

  private resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.document) : node;
  }

  private plain(node: unknown, depth: number): Plain {
    const unusable = (message: string): Unusable => new Unusable(message, startOf(node) ?? 0);
    if (++this.values > VALUES_MAX) throw unusable('the file has too many values, or anchors that hold one another');
    if (depth > DEPTH_MAX) throw unusable('this is nested too deep, or in an anchor that holds itself');
    const held = this.resolved(node);
    if (isAlias(node) && held === undefined)
      throw unusable('stands for an anchor that there is not; put a text that begins with * into quotes');
    if (isMap(held))
      return Object.fromEntries(held.items.map(({ key, value }) => [keyText(key), this.plain(value, depth + 1)]));
    if (isSeq(held)) return held.items.map((item) => this.plain(item, depth + 1));
    if (!isScalar(held) || held.value === null) return undefined;
    const { value, source } = held;
    if (typeof value === 'boolean') return value;
    return typeof value === 'string' ? value : (source ?? '');
  }
}

/** The whole file must not be used. */
export class ConfigFileError extends Error {}

class Unusable extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

/** The parser's message without what it quotes of the file, which may be a secret. */
function cause(message: string): string {
  const [first = ''] = message.split(/[:"\\]/);
  return first.trim();
}

function isEmpty(node: unknown): boolean {
  return isScalar(node) && node.value === null;
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : '';
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

export function isPlainMap(value: Plain): value is PlainMap {
  return typeof value === 'object' && !Array.isArray(value);
}
