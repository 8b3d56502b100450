/**
 * From wire notation (wire-notation.ts) to the canonical text of row.ts, on bytes.
 *
 * ovsdb-server writes compact JSON with sets and maps in canonical order and escapes as JSON.stringify does, so that a
 * row's canonical text is cut out of its wire text without making JavaScript values of it. That is three times as
 * fast, and 64-bit integers stay exact by themselves.
 */

import { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from '../../lib/json-bytes.js';
import type { BaseType, ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { FrameError, MemberReader, skipValue } from '../../ovsdb/frame.js';
import { ByteOutput } from './byte-output.js';
import { columnLabel } from './row-text.js';

const SET = Buffer.from('["set",[');
const MAP = Buffer.from('["map",[');
const UUID_OPEN = 9; // ["uuid","
const UUID_QUOTED = 38;
const ZERO_UUID = Buffer.from('"00000000-0000-0000-0000-000000000000"');
/** Two quotes and a colon. */
const LABEL_AROUND = 3;

/** A column, and where its value is in the row that is being read. */
interface ColumnText {
  readonly column: ColumnSchema;
  /** "name": */
  readonly label: Buffer;
  start: number;
  end: number;
  /**
   * The column that came after this one in an earlier row: a server writes columns in much the same order every time.
   */
  next: ColumnText | undefined;
}

/** Whether the text between `start` and `end` is the name in a label, which has quotes and a colon around it. */
function isLabel(label: Buffer, text: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (label.length !== length + LABEL_AROUND) return false;
  for (let i = 0; i < length; i++) if (label[i + 1] !== text[start + i]) return false;
  return true;
}

/** Turns wire rows of one table into canonical text. */
export class WireRowReader extends ByteOutput {
  private readonly texts: readonly ColumnText[];
  private readonly byName: ReadonlyMap<string, ColumnText>;
  private readonly hasReals: boolean;
  private readonly beforeFirst: { next: ColumnText | undefined } = { next: undefined };

  constructor(private readonly table: TableSchema) {
    super();
    this.texts = [...table.columns.values()].map((column) => ({
      column,
      label: columnLabel(column.name),
      start: -1,
      end: -1,
      next: undefined,
    }));
    this.byName = new Map(this.texts.map((text) => [text.column.name, text]));
    this.hasReals = this.texts.some(({ column }) => column.key.type === 'real' || column.value?.type === 'real');
  }

  /**
   * Reads the row whose object begins at `start`.
   * @returns its canonical text, valid until the next call
   * @throws FrameError when it is not what a server writes
   */
  read(source: Buffer, start: number): { text: Buffer; end: number } {
    for (const text of this.texts) text.start = -1;
    const members = new MemberReader(source, start);
    let previous = this.beforeFirst;
    while (members.enter()) {
      members.skip();
      let text = previous.next;
      if (text === undefined || !isLabel(text.label, source, members.keyStart, members.keyEnd)) {
        text = this.byName.get(members.key());
        if (text === undefined) throw new FrameError(`table ${this.table.name} has no column "${members.key()}"`);
        previous.next = text;
      }
      text.start = members.valueStart;
      text.end = members.valueEnd;
      previous = text;
    }
    // plain text is shorter than wire text, but for the brackets of sets of one, and reals: 1e+20 has 21 digits in
    // JavaScript
    const room = (members.end - start) * (this.hasReals ? 6 : 1) + 4 * this.texts.length;
    this.begin(source, room);
    this.byte(OPEN_BRACE);
    for (const text of this.texts) if (text.start >= 0) this.value(text);
    this.byte(CLOSE_BRACE);
    return { text: this.out.subarray(0, this.at), end: members.end };
  }

  private value(text: ColumnText): void {
    const { column, start, end } = text;
    const before = this.at;
    if (this.at > 1) this.byte(COMMA);
    this.bytes(text.label);
    const valueAt = this.at;
    const empty =
      column.kind === 'map'
        ? this.map(column, start)
        : column.kind === 'scalar'
          ? this.scalar(column, start, end)
          : this.set(column, start);
    if (empty || this.at === valueAt) this.at = before;
  }

  /** Answers true for the default. */
  private scalar({ key }: ColumnSchema, start: number, end: number): boolean {
    const from = this.at;
    this.atom(key, start);
    switch (key.type) {
      case 'string':
        return end - start === 2;
      case 'uuid':
        return this.out.subarray(from, this.at).equals(ZERO_UUID);
      case 'boolean':
        return this.out[from] === 0x66; // f
      case 'integer':
        return this.at - from === 1 && this.out[from] === 0x30;
      case 'real':
        return Number(this.out.toString('latin1', from, this.at)) === 0;
    }
  }

  /** Also for an optional scalar, which is a set of at most one without its brackets. */
  private set({ key, kind }: ColumnSchema, start: number): boolean {
    const bracketed = kind === 'set';
    if (!this.startsWith(SET, start)) {
      if (bracketed) this.byte(OPEN_BRACKET);
      this.atom(key, start);
      if (bracketed) this.byte(CLOSE_BRACKET);
      return false;
    }
    let position = start + SET.length;
    if (this.source[position] === CLOSE_BRACKET) return true;
    if (bracketed) this.byte(OPEN_BRACKET);
    for (;;) {
      position = this.atom(key, position);
      if (this.source[position] !== COMMA) break;
      this.byte(COMMA);
      position++;
    }
    if (bracketed) this.byte(CLOSE_BRACKET);
    return false;
  }

  private map({ key, value }: ColumnSchema, start: number): boolean {
    if (!this.startsWith(MAP, start)) throw new FrameError(`a map was expected in table ${this.table.name}`);
    let position = start + MAP.length;
    if (this.source[position] === CLOSE_BRACKET) return true;
    const asObject = key.type === 'string' || key.type === 'uuid';
    this.byte(asObject ? OPEN_BRACE : OPEN_BRACKET);
    for (;;) {
      if (!asObject) this.byte(OPEN_BRACKET);
      position = this.atom(key, position + 1) + 1;
      this.byte(asObject ? COLON : COMMA);
      position = this.atom(value as BaseType, position) + 1;
      if (!asObject) this.byte(CLOSE_BRACKET);
      if (this.source[position] !== COMMA) break;
      this.byte(COMMA);
      position++;
    }
    this.byte(asObject ? CLOSE_BRACE : CLOSE_BRACKET);
    return false;
  }

  /** Writes the atom that begins at `start`; answers the position after it. */
  private atom(base: BaseType, start: number): number {
    if (base.type === 'uuid') {
      if (this.source[start] !== OPEN_BRACKET || this.source[start + UUID_OPEN - 1] !== QUOTE)
        throw new FrameError(`a UUID was expected in table ${this.table.name}`);
      const from = start + UUID_OPEN - 1;
      this.copy(from, from + UUID_QUOTED);
      return from + UUID_QUOTED + 1;
    }
    const end = skipValue(this.source, start);
    if (base.type === 'real')
      this.at += this.out.write(String(Number(this.source.toString('latin1', start, end))), this.at, 'latin1');
    else this.copy(start, end);
    return end;
  }
}
