/**
 * Cuts a YAML document that is laid out as yaml-writer.ts writes it, or indented alike, into parts that are good YAML
 * each: what stands before the tables, each table's name, some rows at a time, and what stands after the tables.
 */
import { NEWLINE, SPACE } from '../../lib/json-bytes.js';
import { GrowingBuffer } from '../stream/growing-buffer.js';
import { LineSplitter } from '../stream/line-splitter.js';
import { ROW_BYTES_MAX, VALUES_MAX } from '../stream/member-scanner.js';

/** Of what stands before the tables, and of what stands after them. */
const AROUND_BYTES_MAX = 4 << 20;
/** js-yaml reads this in about two milliseconds. */
const BATCH_BYTES = 16 << 10;

/** The text is not laid out as it is read here; another way may read it. */
export class LayoutError extends Error {
  override readonly name = 'LayoutError';
}

export interface YamlPart {
  readonly kind: 'head' | 'table' | 'rows' | 'tail';
  readonly bytes: Buffer;
}

export class YamlLayout {
  private readonly splitter = new LineSplitter((line) => this.line(line));
  private section: 'head' | 'tables' | 'tail' = 'head';
  private readonly gathered = new GrowingBuffer();
  private lines = 0;
  private parts: YamlPart[] = [];

  /**
   * @param isKnown whether the text is known to be what was once packed: a row may then hold as many values as it wants
   */
  constructor(private readonly isKnown: boolean) {}

  /** The parts that are whole after these bytes. @throws LayoutError */
  push(piece: Buffer): readonly YamlPart[] {
    this.splitter.push(piece);
    if (this.splitter.held > ROW_BYTES_MAX) throw new LayoutError('a line is too long');
    return this.takeParts();
  }

  /** The parts that are left. @throws LayoutError */
  end(): readonly YamlPart[] {
    this.splitter.flush();
    if (this.section === 'head') throw new LayoutError('it has no line "tables:"');
    this.part(this.section === 'tables' ? 'rows' : 'tail');
    return this.takeParts();
  }

  private takeParts(): readonly YamlPart[] {
    const { parts } = this;
    if (parts.length > 0) this.parts = [];
    return parts;
  }

  private line(line: Buffer): void {
    if (this.section === 'tables') {
      this.tableLine(line);
      return;
    }
    if (this.section === 'head' && line[0] === 0x74 && /^tables:(?: \{\})?\n$/.test(line.toString('latin1', 0, 16))) {
      this.part('head');
      this.section = line.length > 8 ? 'tail' : 'tables';
      return;
    }
    this.gathered.push(line);
    if (this.gathered.length > AROUND_BYTES_MAX)
      throw new LayoutError(
        this.section === 'head'
          ? '"tables:" does not stand on a line of its own'
          : `what stands after the tables has more than ${AROUND_BYTES_MAX} bytes`,
      );
  }

  private tableLine(line: Buffer): void {
    const indent = indentOf(line);
    if (indent > 4 || line[indent] === NEWLINE) {
      this.gathered.push(line);
      if (this.gathered.length > ROW_BYTES_MAX) throw new LayoutError(`a row has more than ${ROW_BYTES_MAX} bytes`);
      if (++this.lines > VALUES_MAX && !this.isKnown) throw new LayoutError(`a row has more than ${VALUES_MAX} lines`);
    } else if (indent === 4) {
      if (this.gathered.length >= BATCH_BYTES) this.part('rows');
      this.lines = 0;
      this.gathered.push(line);
    } else if (indent === 2) {
      this.part('rows');
      this.gathered.push(line);
      this.part('table');
    } else if (indent === 0) {
      this.part('rows');
      this.section = 'tail';
      this.gathered.push(line);
    } else {
      throw new LayoutError(`a line is indented by ${indent} spaces`);
    }
  }

  /** Ends a part. There always is a head; of the others, none that is empty. */
  private part(kind: YamlPart['kind']): void {
    if (kind === 'head' || this.gathered.length > 0) this.parts.push({ kind, bytes: this.gathered.take() });
  }
}

function indentOf(line: Buffer): number {
  let indent = 0;
  while (line[indent] === SPACE) indent++;
  return indent;
}
