/**
 * Transactions: a plan that is too large for one transaction of a cluster, cut where the database is valid in between.
 *
 * RAFT carries a transaction to the other members whole, and a leader that is busy with one for longer than the
 * election timer loses the lead. Between two of them no reference dangles, nothing lives that nobody holds, and what
 * has been inserted stays: row-dependency.ts says what must not come before what, row-order.ts makes an order of it,
 * and here it is cut. Each transaction has guards of its own and may, like the one transaction, be carried out twice
 * without harm.
 */
import type { Breath } from '../../lib/breath.js';
import { AssignedValueGuards } from '../guard/assigned-value-guard.js';
import { FoundRows, foundTargets } from '../guard/found-row.js';
import { NameGuards } from '../guard/name-guard.js';
import { type GuardParts, stayingBytes, targetBytes } from '../guard/transaction-guards.js';
import { WeakReferrers } from '../guard/weak-referrer.js';
import { CHANGE } from '../order/planned-row.js';
import { Dependencies, MEMBERSHIP_BYTES } from '../order/row-dependency.js';
import { NO_LINK } from '../order/row-links.js';
import { orderRows, type RowOrder } from '../order/row-order.js';
import type { Plan } from '../plan/table-plan.js';
import { type Placement, TransactionWriter } from './transaction-writer.js';
import { transactionWitnesses, type Witness } from './witness.js';

/** How much a transaction may change. Rows that need each other stay together, however many. */
export interface TransactionLimits {
  readonly rowsMax: number;
  /** Text of the request. */
  readonly bytesMax: number;
}

/** One of the transactions that a plan takes. */
export interface PlanTransaction {
  /** From 1 on. */
  readonly number: number;
  /** Rows inserted, updated and deleted: over all transactions the plan's changeCount. */
  readonly rows: number;
  /** Some of its rows, to see by them whether it was carried out. */
  readonly witnesses: readonly Witness[];
  /** Guards, then changes, as JSON text. Made anew at every call. */
  operations(): Iterable<string>;
}

/** Cuts the plan into transactions, to be carried out in their order. ONE: it is to be one transaction (apply.ts). */
export async function cutIntoTransactions(
  plan: Plan,
  limits: TransactionLimits,
  breath: Breath,
): Promise<readonly PlanTransaction[] | 'ONE'> {
  if (plan.changeCount === 0) return 'ONE';
  const dependencies = await Dependencies.read(plan, breath);
  const order = await orderRows(dependencies, breath);
  const guards: GuardParts = {
    referrers: await WeakReferrers.ofPlan(plan, breath),
    names: await NameGuards.read(plan, breath),
    found: new FoundRows(plan),
    values: await AssignedValueGuards.read(plan, breath),
  };
  const cut = await new Cutting(dependencies, { order, guards, limits }).run(breath);
  if (cut.length < 2) return 'ONE';
  const writer = new TransactionWriter(dependencies, cut.placement, guards);
  return cut.ends.map((end, i): PlanTransaction => {
    const rows = order.rows.subarray(cut.ends[i - 1] ?? 0, end);
    const number = i + 1;
    return {
      number,
      rows: rows.reduce((count, row) => count + (dependencies.rows.changeOf(row) === CHANGE.MOVE ? 0 : 1), 0),
      witnesses: transactionWitnesses(dependencies.rows, rows),
      operations: () => writer.operations(rows, number),
    };
  });
}

/** How many rows ovsdb-server may look at for guards, in one transaction. */
const LOOKS_MAX = 1_000_000;

/** What a group of rows, or the transaction that is being filled, takes. */
interface Size {
  readonly rows: number;
  readonly bytes: number;
  readonly looks: number;
}

const NOTHING: Size = { rows: 0, bytes: 0, looks: 0 };

interface CutParts {
  readonly order: RowOrder;
  readonly guards: GuardParts;
  readonly limits: TransactionLimits;
}

/** Fills one transaction after the other with groups of rows. */
class Cutting {
  private readonly placement: Placement;
  /** For each row the last transaction that changes its sets. */
  private readonly touchedIn: Int32Array;
  /** For each row that was found by something else than its UUID the last transaction that refers to it anew. */
  private readonly referredIn: Int32Array;
  private readonly ends: number[] = [];
  /** Number of the transaction that is being filled. */
  private number = 1;
  private size = NOTHING;

  constructor(
    private readonly dependencies: Dependencies,
    private readonly parts: CutParts,
  ) {
    const { count } = dependencies.rows;
    this.placement = { transactionOf: new Int32Array(count), isPartial: new Uint8Array(count) };
    this.touchedIn = new Int32Array(count);
    this.referredIn = new Int32Array(count);
  }

  async run(
    breath: Breath,
  ): Promise<{ readonly placement: Placement; readonly ends: readonly number[]; readonly length: number }> {
    const { order } = this.parts;
    let start = 0;
    for (const end of order.ends) {
      const group = order.rows.subarray(start, end);
      let taken = this.take(group);
      if (this.size.rows > 0 && !this.fits(taken)) {
        this.ends.push(start);
        this.number++;
        this.size = NOTHING;
        taken = this.take(group);
      }
      this.size = sumOf(this.size, taken);
      start = end;
      if (breath.due()) await breath.rest();
    }
    this.ends.push(start);
    for (const row of order.rows) this.markHolders(row);
    return { placement: this.placement, ends: this.ends, length: this.ends.length };
  }

  private fits(group: Size): boolean {
    const { rows, bytes, looks } = sumOf(this.size, group);
    const { rowsMax, bytesMax } = this.parts.limits;
    return rows <= rowsMax && bytes <= bytesMax && looks <= LOOKS_MAX;
  }

  /** Puts the group into the current transaction; answers what it adds to it, at most. */
  private take(group: Int32Array): Size {
    const { rows, bytes } = this.dependencies;
    let size = NOTHING;
    for (const row of group) this.placement.transactionOf[row] = this.number;
    for (const row of group) {
      const count = rows.changeOf(row) === CHANGE.MOVE ? 0 : 1;
      size = sumOf(size, { rows: count, bytes: (bytes[row] as number) + this.memberships(row), looks: 0 });
      size = sumOf(size, this.guardsOf(row));
    }
    return size;
  }

  /** Text of what changes in the sets of others with this row. */
  private memberships(row: number): number {
    const { rows, memberships } = this.dependencies;
    let sum = 0;
    for (let link = memberships.first(row); link !== NO_LINK; link = memberships.next(link)) {
      const holder = memberships.target(link);
      const since = this.placement.transactionOf[holder] as number;
      // an inserted row brings members that are there with it
      if (rows.isInserted(holder) && (since === 0 || since === this.number)) continue;
      const isFirst = this.touchedIn[holder] !== this.number;
      sum += isFirst
        ? MEMBERSHIP_BYTES.first + stayingBytes(rows, this.parts.guards.found, holder)
        : MEMBERSHIP_BYTES.again;
      this.touchedIn[holder] = this.number;
    }
    return sum;
  }

  /** What the guards for this row take, beside the one of its own columns. */
  private guardsOf(row: number): Size {
    const { rows } = this.dependencies;
    const { referrers, names, found, values } = this.parts.guards;
    const { draft, first, firstLive } = rows.sectionOf(row);
    const { name } = draft.table;
    const change = rows.changeOf(row);
    let bytes = 0;
    if (change === CHANGE.DELETE) {
      for (const guard of referrers.guards(name, rows.uuid(row))) bytes += guard.length;
      return { rows: 0, bytes, looks: referrers.looks(name) };
    }
    if (change !== CHANGE.INSERT && change !== CHANGE.UPDATE) return NOTHING;
    const isInserted = change === CHANGE.INSERT;
    const cost = names.cost(name, row - (isInserted ? first : firstLive), isInserted);
    for (const target of foundTargets(rows, found, row)) {
      if (this.referredIn[target] === this.number) continue;
      this.referredIn[target] = this.number;
      bytes += targetBytes(rows, found, target);
    }
    if (!isInserted) bytes += stayingBytes(rows, found, row);
    const value = isInserted ? values.cost(name, row - first) : { bytes: 0, looks: 0 };
    return { rows: 0, bytes: bytes + cost.bytes + value.bytes, looks: cost.looks + value.looks };
  }

  /** Marks inserted rows whose sets get this row only in a later transaction. */
  private markHolders(row: number): void {
    const { rows, memberships } = this.dependencies;
    const { transactionOf, isPartial } = this.placement;
    for (let link = memberships.first(row); link !== NO_LINK; link = memberships.next(link)) {
      const holder = memberships.target(link);
      if (rows.isInserted(holder) && (transactionOf[holder] as number) < (transactionOf[row] as number))
        isPartial[holder] = 1;
    }
  }
}

const sumOf = (a: Size, b: Size): Size => ({
  rows: a.rows + b.rows,
  bytes: a.bytes + b.bytes,
  looks: a.looks + b.looks,
});
