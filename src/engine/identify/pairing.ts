/**
 * Pairing: finds the live row of rows that neither UUID nor index nor a natural key of their own tells, because
 * several have the key, or because they have none, or because the key means something only within the row that holds
 * them.
 *
 * In this order, and from the start again whenever something was found: by natural key within matched
 * holders; by likeness, where all about two rows is equal (likeness.ts); by votes, those of matched rows that they
 * refer to or are referred to by; by what they hold themselves; at last by ordinal, among rows of one key.
 */
import type { Breath } from '../../lib/breath.js';
import { plural } from '../../lib/text/plural.js';
import { naturalKeyOf } from '../../model/northbound/natural-key.js';
import { nounOf } from '../../model/northbound/noun.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { type Colours, eachEdge, Likeness } from './likeness.js';
import { ownContent, ReferenceKinds, RowGraph } from './row-graph.js';
import { type MatchSide, NO_MATCH, type RowMatches } from './row-matches.js';

/** A row that more rows of one key refer to, or are referred to by, says nothing of either. */
const CANDIDATES_MAX = 32;
const WARNINGS_MAX = 50;

/** Rows of both sides that may be one another. */
interface Bucket {
  readonly backup: number[];
  readonly live: number[];
}

type Edge = 'out' | 'into';

export class Pairing {
  readonly warnings: string[] = [];
  /** Rows of the backup whose match is new, so that what they hold may be matched by key. */
  private fresh: number[] = [];
  private readonly likeness: Likeness;

  private constructor(
    private readonly matching: RowMatches,
    private readonly graphs: { readonly backup: RowGraph; readonly live: RowGraph },
    private readonly kinds: ReferenceKinds,
    private readonly mayMatch: readonly boolean[],
    private readonly breath: Breath,
  ) {
    this.likeness = new Likeness(matching, graphs, kinds, breath);
  }

  /** @param sameUuids false when rows of one UUID may be other rows of the database: every row is looked at then */
  static async prepare(matching: RowMatches, sameUuids: boolean, breath: Breath): Promise<Pairing> {
    // where the schema has an index, it alone says which row is which
    const mayMatch = matching.tables.map(({ indexes }, table) => indexes.length === 0 && matching.isOpen(table));
    const kinds = new ReferenceKinds(matching);
    const isKnown =
      (side: MatchSide, other: MatchSide) =>
      (node: number): boolean => {
        const partner = side.partner(node);
        return (
          sameUuids &&
          partner !== NO_MATCH &&
          side.uuid(node) === other.uuid(partner) &&
          side.text(node).equals(other.text(partner))
        );
      };
    const { backup, live } = matching;
    const graphs = {
      backup: await RowGraph.build(backup, kinds, { mayMatch, isKnown: isKnown(backup, live), breath }),
      live: await RowGraph.build(live, kinds, { mayMatch, isKnown: isKnown(live, backup), breath }),
    };
    return new Pairing(matching, graphs, kinds, mayMatch, breath);
  }

  async run(): Promise<void> {
    const { backup } = this.matching;
    for (let node = 0; node < backup.nodes; node++) if (!backup.isOpen(node)) this.fresh.push(node);
    do await this.withinHolders();
    while ((await this.byLikeness()) || (await this.byVotes()) || (await this.byContent()) || (await this.byOrdinal()));
  }

  private link(backup: number, live: number): boolean {
    if (!this.matching.link(backup, live)) return false;
    this.fresh.push(backup);
    return true;
  }

  private isOpen(side: MatchSide, node: number): boolean {
    return side.isOpen(node) && this.mayMatch[side.tableNumber(node)] === true;
  }

  // ------------------------------------------------------------------ by natural key within holders

  private async withinHolders(): Promise<void> {
    for (let holder = this.fresh.pop(); holder !== undefined; holder = this.fresh.pop()) {
      const live = this.matching.backup.partner(holder);
      const held = this.heldByKey(this.graphs.backup, holder);
      if (held.size > 0) {
        const candidates = this.heldByKey(this.graphs.live, live);
        for (const [key, [node, second]] of held) {
          const [candidate, other] = candidates.get(key) ?? [];
          if (node !== undefined && candidate !== undefined && second === undefined && other === undefined)
            this.link(node, candidate);
        }
      }
      if (this.breath.due()) await this.breath.rest();
    }
  }

  /** The first two rows of each key that a holder holds. */
  private heldByKey(graph: RowGraph, holder: number): Map<string, number[]> {
    const held = new Map<string, number[]>();
    eachEdge(graph.out, holder, (node, kind) => {
      const key = graph.key(node);
      if (key === 0 || !this.kinds.get(kind).holds || !this.isOpen(graph.side, node)) return;
      const same = held.get(`${kind}|${key}`);
      if (same === undefined) held.set(`${kind}|${key}`, [node]);
      else if (same.length === 1) same.push(node);
    });
    return held;
  }

  // ------------------------------------------------------------------ by likeness

  private async byLikeness(): Promise<boolean> {
    await this.likeness.refine(this.mayMatch);
    const { backup, live } = this.likeness;
    const buckets = await this.buckets(
      (colours, node, place) => (colours.isTelling(node) ? `${place}|${colours.colour(node) as string}` : undefined),
      backup.nodes,
      live.nodes,
    );
    let found = false;
    for (const {
      backup: [node, second],
      live: [candidate, other],
    } of buckets) {
      if (second === undefined && other === undefined && this.link(node as number, candidate as number)) found = true;
    }
    if (found) return true;
    // rows that nothing tells apart: which is which makes no difference, but what hangs on them must follow
    for (const bucket of buckets) {
      for (const [node, candidate] of this.inTurn(bucket)) {
        if (this.settle(node, candidate)) found = true;
        if (this.breath.due()) await this.breath.rest();
      }
    }
    return found;
  }

  /** Links two rows of one colour, and then the rows of one colour around them, and so on. */
  private settle(node: number, candidate: number): boolean {
    if (!this.link(node, candidate)) return false;
    const waiting: [number, number][] = [[node, candidate]];
    for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) {
      for (const edge of ['out', 'into'] as const) {
        const around = this.coloured(this.likeness.backup, edge, pair[0]);
        if (around.size === 0) continue;
        const candidates = this.coloured(this.likeness.live, edge, pair[1]);
        for (const [key, nodes] of around) {
          for (const [a, b] of this.inTurn({ backup: nodes, live: candidates.get(key) ?? [] }))
            if (this.link(a, b)) waiting.push([a, b]);
        }
      }
    }
    return true;
  }

  private coloured(colours: Colours, edge: Edge, node: number): Map<string, number[]> {
    const found = new Map<string, number[]>();
    eachEdge(colours.graph[edge], node, (other, kind) => {
      const colour = this.isOpen(colours.graph.side, other) ? colours.colour(other) : undefined;
      if (colour === undefined) return;
      append(found, `${kind}|${colour}`, other);
    });
    return found;
  }

  /** Pairs of rows that have no match yet, one after the other; rows may be matched meanwhile. */
  private *inTurn({ backup, live }: Bucket): Generator<readonly [number, number]> {
    let at = 0;
    for (const node of backup) {
      if (!this.matching.backup.isOpen(node)) continue;
      while (at < live.length && !this.matching.live.isOpen(live[at] as number)) at++;
      if (at === live.length) return;
      yield [node, live[at] as number];
    }
  }

  // ------------------------------------------------------------------ by votes

  private async byVotes(): Promise<boolean> {
    const candidates = await this.candidatesByVoter();
    const votes: { readonly node: number; readonly candidate: number; readonly count: number }[] = [];
    const { graph } = this.likeness.backup;
    for (const node of this.openNodes(this.matching.backup)) {
      const counts = new Map<number, number>();
      const place = this.place(this.likeness.backup, node);
      if (place === undefined) continue;
      this.eachVoter(graph, node, (voter, token) => {
        const partner = graph.side.partner(voter);
        const listed = candidates.get(`${token}|${partner}|${place}|${graph.key(node)}`) ?? [];
        if (listed.length <= CANDIDATES_MAX)
          for (const candidate of listed) counts.set(candidate, (counts.get(candidate) ?? 0) + 1);
      });
      for (const [candidate, count] of counts) votes.push({ node, candidate, count });
      if (this.breath.due()) await this.breath.rest();
    }
    return this.elect(votes);
  }

  /** Most votes win, for a row and for its candidate; a tie elects nobody. */
  private elect(votes: { readonly node: number; readonly candidate: number; readonly count: number }[]): boolean {
    votes.sort((a, b) => b.count - a.count);
    let found = false;
    for (let from = 0, to = 0; from < votes.length; from = to) {
      const count = votes[from]?.count;
      while (votes[to]?.count === count) to++;
      const open = votes
        .slice(from, to)
        .filter(({ node, candidate }) => this.matching.backup.isOpen(node) && this.matching.live.isOpen(candidate));
      const [nodes, candidates] = [new Map<number, number>(), new Map<number, number>()];
      for (const { node, candidate } of open) {
        nodes.set(node, (nodes.get(node) ?? 0) + 1);
        candidates.set(candidate, (candidates.get(candidate) ?? 0) + 1);
      }
      for (const { node, candidate } of open)
        if (nodes.get(node) === 1 && candidates.get(candidate) === 1 && this.link(node, candidate)) found = true;
    }
    return found;
  }

  /** Live rows without a match by each matched row around them, and their key. */
  private async candidatesByVoter(): Promise<ReadonlyMap<string, readonly number[]>> {
    const candidates = new Map<string, number[]>();
    const { graph } = this.likeness.live;
    for (const node of this.openNodes(this.matching.live)) {
      const place = this.place(this.likeness.live, node);
      if (place === undefined) continue;
      this.eachVoter(graph, node, (voter, token) => {
        append(candidates, `${token}|${voter}|${place}|${graph.key(node)}`, node, CANDIDATES_MAX + 1);
      });
      if (this.breath.due()) await this.breath.rest();
    }
    return candidates;
  }

  /** Matched rows around a row; not its holder, which holds the others as well. */
  private eachVoter(graph: RowGraph, node: number, visit: (voter: number, token: string) => void): void {
    const { side } = graph;
    eachEdge(graph.out, node, (other, kind) => {
      if (!side.isOpen(other)) visit(other, `o${kind}`);
    });
    eachEdge(graph.into, node, (other, kind) => {
      if (!side.isOpen(other) && !this.kinds.get(kind).holds) visit(other, `i${kind}`);
    });
  }

  // ------------------------------------------------------------------ by content, by ordinal

  /** Rows of one content that differ in what is around them. One without a key must be the only one of its kind. */
  private async byContent(): Promise<boolean> {
    const { backup, live } = this.matching;
    const buckets = await this.buckets(
      ({ graph }, node, place) =>
        graph.key(node) === 0 && graph.content(node) === 0
          ? undefined
          : `${place}|${graph.key(node)}|${graph.content(node)}`,
      this.openNodes(backup),
      this.openNodes(live),
    );
    let found = false;
    for (const bucket of buckets) {
      const single = bucket.backup.length === 1 && bucket.live.length === 1;
      if (!single && this.graphs.backup.key(bucket.backup[0] as number) === 0) continue;
      if (!single) this.warn(bucket);
      for (const [node, candidate] of this.inTurn(bucket)) if (this.link(node, candidate)) found = true;
    }
    return found;
  }

  private async byOrdinal(): Promise<boolean> {
    const { backup, live } = this.matching;
    const buckets = await this.buckets(
      ({ graph }, node, place) => (graph.key(node) === 0 ? undefined : `${place}|${graph.key(node)}`),
      this.openNodes(backup),
      this.openNodes(live),
    );
    let found = false;
    for (const bucket of buckets) {
      if (bucket.backup.length > 1 || bucket.live.length > 1) {
        this.warn(bucket);
        this.sortByContent(backup, bucket.backup);
        this.sortByContent(live, bucket.live);
      }
      for (const [node, candidate] of this.inTurn(bucket)) if (this.link(node, candidate)) found = true;
      if (this.breath.due()) await this.breath.rest();
    }
    return found;
  }

  private sortByContent(side: MatchSide, nodes: number[]): void {
    const texts = new Map(
      nodes.map((node) => [node, ownContent(side.tables[side.tableNumber(node)] as TableSchema, side.row(node))]),
    );
    // nodes are in the order of UUIDs
    nodes.sort((a, b) => compareTexts(texts.get(a) as string, texts.get(b) as string) || a - b);
  }

  private warn({ backup, live }: Bucket): void {
    const [node] = backup;
    if (node === undefined || this.warnings.length >= WARNINGS_MAX) return;
    const side = this.matching.backup;
    const table = side.tables[side.tableNumber(node)] as TableSchema;
    const key = naturalKeyOf(table, side.row(node)) ?? '';
    const warning =
      `${nounOf(table.name)} with ${key.length > KEY_CHARACTERS ? `${key.slice(0, KEY_CHARACTERS)}...` : key}: ` +
      `${plural(backup.length, '# {row|rows}')} in the backup and ${live.length} in the database have this key and ` +
      'differ in other columns; they are matched in the order of their contents';
    if (!this.warnings.includes(warning)) this.warnings.push(warning);
  }

  // ------------------------------------------------------------------ buckets

  /** Rows of both sides that have something in common, and are in the same place. */
  private async buckets(
    keyOf: (colours: Colours, node: number, place: string) => string | undefined,
    backup: Iterable<number>,
    live: Iterable<number>,
  ): Promise<readonly Bucket[]> {
    const buckets = new Map<string, Bucket>();
    for (const [colours, nodes, side] of [
      [this.likeness.backup, backup, 'backup'],
      [this.likeness.live, live, 'live'],
    ] as const) {
      for (const node of nodes) {
        const place = this.place(colours, node);
        const key = place === undefined ? undefined : keyOf(colours, node, place);
        if (key !== undefined) {
          const bucket = buckets.get(key);
          if (bucket !== undefined) bucket[side].push(node);
          else if (side === 'backup') buckets.set(key, { backup: [node], live: [] });
        }
        if (this.breath.due()) await this.breath.rest();
      }
    }
    return [...buckets.values()].filter((bucket) => bucket.live.length > 0);
  }

  /** The table, and for a row of a non-root table its matched holder: undefined without one. */
  private place(colours: Colours, node: number): string | undefined {
    const table = colours.graph.side.tableNumber(node);
    if (this.matching.tables[table]?.isRoot === true) return String(table);
    const scope = colours.scope(node);
    return scope === NO_MATCH ? undefined : `${table}@${scope}`;
  }

  private *openNodes(side: MatchSide): Generator<number> {
    for (let table = 0; table < this.mayMatch.length; table++) {
      if (this.mayMatch[table] !== true || !this.matching.isOpen(table)) continue;
      const [from, to] = side.range(table);
      for (let node = from; node < to; node++) if (side.isOpen(node)) yield node;
    }
  }
}

const KEY_CHARACTERS = 200;

function append(lists: Map<string, number[]>, key: string, node: number, lengthMax = Infinity): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [node]);
  else if (list.length < lengthMax) list.push(node);
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
