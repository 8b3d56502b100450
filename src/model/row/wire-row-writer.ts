/**
 * From canonical text (row.ts) to wire notation (RFC 7047, section 5.1) on bytes: the inverse of WireRowReader.
 *
 * A restore of 100,000 rows sends as many inserts. Making values of their texts and texts of the values
 * again would cost more than all else that is done for them; values are copied instead.
 */

import { CLOSE_BRACE, CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET } from '../../lib/json-bytes.js';
import type { BaseType, ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { FrameError, skipValue } from '../../ovsdb/frame.js';
import { ByteOutput } from './byte-output.js';
import { columnLabel } from './row-text.js';

const SET = Buffer.from('["set",[');
const MAP = Buffer.from('["map",[');
const UUID = Buffer.from('["uuid",');
const CLOSE_BOTH = Buffer.from(']]');
/** Notation around a column's values, at most; around each value it is shorter than the value with its own. */
const COLUMN_ROOM = 16;

interface Slot {
  readonly column: ColumnSchema;
  /** "name": */
  readonly label: Buffer;
}

/** Turns rows of one table into wire text. Ephemeral columns, which no one may restore, are left out. */
export class WireRowWriter extends ByteOutput {
  private readonly slots: readonly Slot[];

  constructor(private readonly table: TableSchema) {
    super();
    this.slots = [...table.columns.values()].map((column) => ({
      column,
      label: columnLabel(column.name),
    }));
  }

  /**
   * @param text canonical text of a row
   * @returns its wire text, {"name":"web","ports":["set",[...]]}
   * @throws FrameError when the text is not canonical, or has a column that the table has not
   */
  write(text: Buffer): string {
    const room = 2 * text.length + COLUMN_ROOM * this.slots.length;
    this.begin(text, room);
    if (text[0] !== OPEN_BRACE) throw new FrameError(`a row of table ${this.table.name} is no object`);
    this.byte(OPEN_BRACE);
    let position = 1;
    let next = 0;
    while (text[position] !== CLOSE_BRACE) {
      // columns stand in the order of their names, here as there
      while (next < this.slots.length && !this.startsWith((this.slots[next] as Slot).label, position)) next++;
      const slot = this.slots[next++];
      if (slot === undefined)
        throw new FrameError(
          `a row of table ${this.table.name} is not canonical, or has a column that the table has not`,
        );
      const valueAt = position + slot.label.length;
      if (slot.column.ephemeral) {
        position = skipValue(text, valueAt);
      } else {
        if (this.at > 1) this.byte(COMMA);
        this.bytes(slot.label);
        position = this.value(slot.column, valueAt);
      }
      if (text[position] === COMMA) position++;
    }
    this.byte(CLOSE_BRACE);
    return this.out.toString('utf8', 0, this.at);
  }

  /** Answers the position after the value. */
  private value({ kind, key, value }: ColumnSchema, start: number): number {
    if (kind === 'set') return this.set(key, start);
    if (kind === 'map') return this.map(key, value as BaseType, start);
    return this.atom(key, start);
  }

  /** A set of one is written without brackets, as ovsdb-server does. */
  private set(key: BaseType, start: number): number {
    if (this.source[start] !== OPEN_BRACKET) throw new FrameError(`a set was expected in table ${this.table.name}`);
    const before = this.at;
    this.bytes(SET);
    let position = start + 1;
    let count = 0;
    while (this.source[position] !== CLOSE_BRACKET) {
      if (count++ > 0) this.byte(COMMA);
      position = this.atom(key, position);
      if (this.source[position] === COMMA) position++;
    }
    if (count === 1) {
      this.out.copyWithin(before, before + SET.length, this.at);
      this.at -= SET.length;
    } else {
      this.bytes(CLOSE_BOTH);
    }
    return position + 1;
  }

  private map(key: BaseType, value: BaseType, start: number): number {
    const asObject = this.source[start] === OPEN_BRACE;
    if (!asObject && this.source[start] !== OPEN_BRACKET)
      throw new FrameError(`a map was expected in table ${this.table.name}`);
    const end = asObject ? CLOSE_BRACE : CLOSE_BRACKET;
    this.bytes(MAP);
    let position = start + 1;
    for (let first = true; this.source[position] !== end; first = false) {
      if (!first) this.byte(COMMA);
      this.byte(OPEN_BRACKET);
      // after the key stands a colon or a comma; a pair that is an array has brackets of its own
      position = this.atom(key, asObject ? position : position + 1) + 1;
      this.byte(COMMA);
      position = this.atom(value, position) + (asObject ? 0 : 1);
      this.byte(CLOSE_BRACKET);
      if (this.source[position] === COMMA) position++;
    }
    this.bytes(CLOSE_BOTH);
    return position + 1;
  }

  /** Writes the atom that begins at `start`; answers the position after it. */
  private atom(base: BaseType, start: number): number {
    const end = skipValue(this.source, start);
    if (end === start) throw new FrameError(`a value was expected in table ${this.table.name}`);
    if (base.type === 'uuid') this.bytes(UUID);
    this.copy(start, end);
    if (base.type === 'uuid') this.byte(CLOSE_BRACKET);
    return end;
  }
}
