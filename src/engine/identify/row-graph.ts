/**
 * The rows of one side that have no match yet and may still find one, as a graph: what each holds
 * itself, by what natural key it goes, and which rows it refers to and is referred to by. Made once, in one
 * pass over the rows; what a later step of pairing.ts looks at are numbers.
 */
import type { Breath } from '../../lib/breath.js';
import { naturalKeyOf } from '../../model/northbound/natural-key.js';
import { isRuntimeColumn, withoutRuntimeKeys } from '../../model/northbound/runtime.js';
import { type ReferenceColumn, referenceColumns, referencesIn } from '../../model/reference/reference.js';
import type { Row, Value } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { stringifyJson } from '../../ovsdb/json.js';
import { type MatchSide, type RowMatches } from './row-matches.js';

const { imul } = Math;

/** A kind of reference: one column, or one half of a map column. */
interface Kind {
  readonly column: ReferenceColumn;
  /** Number of the table referred to. */
  readonly to: number;
  /** True where the reference keeps a row of a non-root table alive. */
  readonly holds: boolean;
}

/** References grouped by the row at one end. */
export interface Edges {
  /** Node -> place of its first edge; one more at the end. */
  readonly start: Int32Array;
  /** The node at the other end. */
  readonly other: Int32Array;
  readonly kind: Uint16Array;
}

export class ReferenceKinds {
  private readonly kinds: Kind[] = [];
  private readonly byTable: readonly (readonly number[])[];

  constructor(matching: RowMatches) {
    this.byTable = matching.tables.map((table) =>
      referenceColumns(table).flatMap((column) =>
        [column.key, column.value].flatMap((target) => {
          const to = target === undefined ? undefined : matching.numberOf(target.table);
          if (target === undefined || to === undefined) return [];
          return [
            this.kinds.push({
              column:
                target === column.key
                  ? { column: column.column, key: target }
                  : { column: column.column, value: target },
              to,
              holds: target.strong && matching.tables[to]?.isRoot === false,
            }) - 1,
          ];
        }),
      ),
    );
  }

  get(kind: number): Kind {
    return this.kinds[kind] as Kind;
  }

  of(table: number): readonly number[] {
    return this.byTable[table] ?? [];
  }
}

export class RowGraph {
  out: Edges = NONE;
  into: Edges = NONE;
  private readonly keys: Float64Array;
  private readonly contents: Float64Array;
  private readonly cut: Uint8Array;

  private constructor(readonly side: MatchSide) {
    this.keys = new Float64Array(side.nodes);
    this.contents = new Float64Array(side.nodes);
    this.cut = new Uint8Array(side.nodes);
  }

  /**
   * @param mayMatch number of a table -> whether its rows are matched by likeness at all
   * @param isKnown true for a row that is the same on both sides to the last byte, and so refers to no row in question
   */
  static async build(
    side: MatchSide,
    kinds: ReferenceKinds,
    options: {
      readonly mayMatch: readonly boolean[];
      readonly isKnown: (node: number) => boolean;
      readonly breath: Breath;
    },
  ): Promise<RowGraph> {
    const graph = new RowGraph(side);
    const { mayMatch, isKnown, breath } = options;
    const isOpen = (node: number): boolean => side.isOpen(node) && mayMatch[side.tableNumber(node)] === true;
    const edges: number[] = [];
    for (let node = 0; node < side.nodes; node++) {
      const number = side.tableNumber(node);
      const open = isOpen(node);
      const from = kinds.of(number);
      if (!open && (from.length === 0 || isKnown(node))) continue;
      const row = side.row(node);
      if (open) graph.describe(node, side.tables[number] as TableSchema, row);
      for (const kind of from) graph.collect({ node, open, row, kind }, kinds, isOpen, edges);
      if (breath.due()) await breath.rest();
    }
    graph.out = group(side.nodes, edges, 0);
    graph.into = group(side.nodes, edges, 1);
    return graph;
  }

  /** Hash of a row's natural key, 0 for none. */
  key(node: number): number {
    return this.keys[node] as number;
  }

  /** Hash of what a row holds itself, references and runtime state aside; 0 for nothing. */
  content(node: number): number {
    return this.contents[node] as number;
  }

  /** True when the row refers to, or is referred to by, one that can find no match. */
  isCut(node: number): boolean {
    return this.cut[node] === 1;
  }

  private describe(node: number, table: TableSchema, row: Row): void {
    const key = naturalKeyOf(table, row);
    if (key !== undefined) this.keys[node] = hashText(key);
    const content = ownContent(table, row);
    if (content !== BLANK) this.contents[node] = hashText(content);
  }

  private collect(
    from: { readonly node: number; readonly open: boolean; readonly row: Row; readonly kind: number },
    kinds: ReferenceKinds,
    isOpen: (node: number) => boolean,
    edges: number[],
  ): void {
    const { column, to } = kinds.get(from.kind);
    for (const { uuid } of referencesIn(column, from.row[column.column.name])) {
      const target = this.side.find(to, uuid);
      if (target === undefined) continue;
      const targetOpen = isOpen(target);
      if (!from.open && !targetOpen) continue;
      const cut = from.open ? !targetOpen && this.side.isOpen(target) : this.side.isOpen(from.node);
      if (cut) this.cut[from.open ? from.node : target] = 1;
      else edges.push(from.node, target, from.kind);
    }
  }
}

const BLANK = '{}';
const NONE: Edges = { start: new Int32Array(1), other: new Int32Array(0), kind: new Uint16Array(0) };

/** What a row holds itself: its text without references and runtime state. */
export function ownContent(table: TableSchema, row: Row): string {
  const references = new Set(referenceColumns(table).map(({ column }) => column.name));
  return stringifyJson(
    Object.fromEntries(
      Object.entries(row).flatMap(([column, value]): [string, Value][] => {
        if (references.has(column) || isRuntimeColumn(table.name, column, row)) return [];
        const own = withoutRuntimeKeys(table, column, value);
        return own === undefined ? [] : [[column, own]];
      }),
    ),
  );
}

/** @param edges triples of source, target and kind @param end 0 groups them by source, 1 by target */
function group(nodes: number, edges: readonly number[], end: 0 | 1): Edges {
  const count = edges.length / 3;
  const start = new Int32Array(nodes + 1);
  for (let i = 0; i < count; i++) {
    const after = (edges[3 * i + end] as number) + 1;
    start[after] = (start[after] as number) + 1;
  }
  for (let node = 0; node < nodes; node++) start[node + 1] = (start[node + 1] as number) + (start[node] as number);
  const next = start.slice();
  const other = new Int32Array(count);
  const kind = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const node = edges[3 * i + end] as number;
    const place = next[node] as number;
    next[node] = place + 1;
    other[place] = edges[3 * i + 1 - end] as number;
    kind[place] = edges[3 * i + 2] as number;
  }
  return { start, other, kind };
}

/** A number of 53 bits for a text, never 0. Two texts of one number cost a worse pairing, no more. */
export function hashText(text: string): number {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    a = imul(a ^ character, 0x9e3779b1);
    b = imul(b ^ character, 0x5f356495);
  }
  a = imul(a ^ (a >>> 16), 0x85ebca6b) ^ imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = imul(b ^ (b >>> 16), 0x85ebca6b) ^ imul(a ^ (a >>> 13), 0xc2b2ae35);
  return 2 ** 32 * (b & 0x1fffff) + (a >>> 0) || 1;
}
