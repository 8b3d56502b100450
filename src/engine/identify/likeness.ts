/**
 * Likeness: a colour for every row that has no match yet, so that rows of one colour hold the same and
 * refer to, and are referred to by, rows that are the same, several steps away. UUIDs play no part: a row with a
 * match counts as its live row, one without as its own colour in the step before (this is the refinement of colours
 * by which graphs are compared). Rows whose like the other side lacks are left out.
 */
import type { Breath } from '../../lib/breath.js';
import type { Edges, ReferenceKinds, RowGraph } from './row-graph.js';
import { NO_MATCH, type RowMatches } from './row-matches.js';

const { imul } = Math;

/** From a row to what it holds, and on, twice there and back: no chain of tables without an index is longer. */
const STEPS = 4;

export class Likeness {
  readonly backup: Colours;
  readonly live: Colours;

  constructor(
    private readonly matching: RowMatches,
    graphs: { readonly backup: RowGraph; readonly live: RowGraph },
    kinds: ReferenceKinds,
    private readonly breath: Breath,
  ) {
    this.backup = new Colours(graphs.backup, kinds, true);
    this.live = new Colours(graphs.live, kinds, false);
  }

  /** Colours all rows anew, from what is matched by now. */
  async refine(mayMatch: readonly boolean[]): Promise<void> {
    const { backup, live } = this;
    backup.begin();
    live.begin();
    const tables = this.matching.tables.flatMap((_table, table) =>
      mayMatch[table] === true && this.matching.isOpen(table) ? [table] : [],
    );
    for (const table of tables) {
      const contents = new Set<number>();
      const common = new Set<number>();
      for (const node of live.open(table)) contents.add(live.graph.content(node));
      for (const node of backup.open(table)) {
        const content = backup.graph.content(node);
        if (!contents.has(content)) continue;
        common.add(content);
        backup.include(node, table);
      }
      for (const node of live.open(table)) if (common.has(live.graph.content(node))) live.include(node, table);
    }
    for (const colours of [backup, live]) {
      await colours.readSurroundings(this.breath);
      for (let step = 0; step < STEPS; step++) await colours.step(this.breath);
    }
  }
}

/** The colours of one side: two words of 32 bits each. */
export class Colours {
  /** The rows that take part. */
  nodes: number[] = [];
  private readonly isIncluded: Uint8Array;
  private first: Int32Array;
  private second: Int32Array;
  private nextFirst: Int32Array;
  private nextSecond: Int32Array;
  /** Sums over the matched rows around a row, in no order. */
  private readonly knownFirst: Int32Array;
  private readonly knownSecond: Int32Array;
  /** Node -> 1 when something tells it from any other row: matched or coloured rows around it, or nothing missing. */
  private readonly evidence: Uint8Array;

  constructor(
    readonly graph: RowGraph,
    private readonly kinds: ReferenceKinds,
    private readonly isBackup: boolean,
  ) {
    const { nodes } = graph.side;
    this.isIncluded = new Uint8Array(nodes);
    this.evidence = new Uint8Array(nodes);
    [this.first, this.second, this.nextFirst, this.nextSecond, this.knownFirst, this.knownSecond] = [
      new Int32Array(nodes),
      new Int32Array(nodes),
      new Int32Array(nodes),
      new Int32Array(nodes),
      new Int32Array(nodes),
      new Int32Array(nodes),
    ];
  }

  *open(table: number): Generator<number> {
    const { side } = this.graph;
    const [from, to] = side.range(table);
    for (let node = from; node < to; node++) if (side.isOpen(node)) yield node;
  }

  begin(): void {
    for (const node of this.nodes) this.isIncluded[node] = 0;
    this.nodes = [];
  }

  include(node: number, table: number): void {
    const content = this.graph.content(node);
    this.nodes.push(node);
    this.isIncluded[node] = 1;
    this.first[node] = scramble((content | 0) ^ table);
    this.second[node] = scramble(imul(Math.floor(content / 2 ** 32) ^ table, LANE));
  }

  /** Whether two rows of one colour may be taken for one: nothing at all in common but emptiness is no likeness. */
  isTelling(node: number): boolean {
    return this.graph.key(node) !== 0 || this.graph.content(node) !== 0 || this.evidence[node] === 1;
  }

  colour(node: number): string | undefined {
    return this.isIncluded[node] === 1 ? `${this.first[node]}|${this.second[node]}` : undefined;
  }

  async readSurroundings(breath: Breath): Promise<void> {
    for (const node of this.nodes) {
      this.knownFirst[node] = 0;
      this.knownSecond[node] = 0;
      let around = 0;
      let isMissing = this.graph.isCut(node);
      this.around(node, (token, other) => {
        const partner = this.graph.side.partner(other);
        const live = this.isBackup ? partner : other;
        if (partner === NO_MATCH) {
          if (this.isIncluded[other] === 1) around++;
          else isMissing = true;
          return;
        }
        around++;
        this.knownFirst[node] = ((this.knownFirst[node] as number) + scramble(scramble(token) ^ live)) | 0;
        this.knownSecond[node] =
          ((this.knownSecond[node] as number) + scramble(imul(scramble(token) + live, LANE))) | 0;
      });
      this.evidence[node] = around > 0 || !isMissing ? 1 : 0;
      if (breath.due()) await breath.rest();
    }
  }

  async step(breath: Breath): Promise<void> {
    for (const node of this.nodes) {
      let first = this.knownFirst[node] as number;
      let second = this.knownSecond[node] as number;
      this.around(node, (token, other) => {
        if (this.isIncluded[other] === 0) return;
        first = (first + scramble(scramble(token) ^ (this.first[other] as number))) | 0;
        second = (second + scramble(imul(scramble(token) + (this.second[other] as number), LANE))) | 0;
      });
      this.nextFirst[node] = scramble(scramble(this.first[node] as number) + first);
      this.nextSecond[node] = scramble(scramble(this.second[node] as number) + second);
      if (breath.due()) await breath.rest();
    }
    [this.first, this.nextFirst] = [this.nextFirst, this.first];
    [this.second, this.nextSecond] = [this.nextSecond, this.second];
  }

  /** Rows that a row refers to and is referred to by, with a number for the kind and direction of the reference. */
  private around(node: number, visit: (token: number, other: number) => void): void {
    const { out, into } = this.graph;
    eachEdge(out, node, (other, kind) => visit(2 * kind, other));
    eachEdge(into, node, (other, kind) => visit(2 * kind + 1, other));
  }

  /**
   * The live row of the matched holder that a row of a non-root table is held by, the lowest of several; NO_MATCH
   * without one.
   */
  scope(node: number): number {
    const { side, into } = this.graph;
    let scope = NO_MATCH;
    eachEdge(into, node, (holder, kind) => {
      const partner = side.partner(holder);
      if (partner === NO_MATCH || !this.kinds.get(kind).holds) return;
      const live = this.isBackup ? partner : holder;
      if (scope === NO_MATCH || live < scope) scope = live;
    });
    return scope;
  }
}

const LANE = 0x5f356495;

export function eachEdge(edges: Edges, node: number, visit: (other: number, kind: number) => void): void {
  const end = edges.start[node + 1] as number;
  for (let i = edges.start[node] as number; i < end; i++) visit(edges.other[i] as number, edges.kind[i] as number);
}

/** Spreads 32 bits so that sums of them are as good as random. */
function scramble(value: number): number {
  let x = imul(value ^ (value >>> 16), 0x85ebca6b);
  x = imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
