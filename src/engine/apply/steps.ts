/**
 * Steps: a plan that is too large for one transaction of a cluster, cut where the database is valid in between.
 *
 * RAFT carries a transaction to the other members whole, and a leader that is busy with one for longer than the
 * election timer loses the lead. Between two steps no reference dangles, nothing lives that nobody holds, and what has
 * been inserted stays: step-dependency.ts says what must not come before what, step-order.ts makes an order of it, and
 * here it is cut. Each step has guards of its own and may, like the one transaction, be carried out twice without harm.
 */
import type { Breath } from '../../lib/breath.js';
import type { Plan } from '../plan/table-plan.js';
import { FATE } from './planned-row.js';
import { NO_LINK } from './row-links.js';
import { Dependencies, MEMBERSHIP_BYTES } from './step-dependency.js';
import { orderRows, type RowOrder } from './step-order.js';
import { type Layout, StepWriter } from './step-writer.js';
import { chooseStepWitnesses, type StepWitness } from './witness.js';

/** How much a step may change. Rows that need each other stay together, however many. */
export interface StepLimits {
  readonly rowsMax: number;
  /** Text of the request. */
  readonly bytesMax: number;
}

/** What a cluster of three with the default election timer of 1 s bears with a wide margin. */
export const STEP_LIMITS: StepLimits = { rowsMax: 2_000, bytesMax: 1 << 20 };

export interface Step {
  /** From 1 on. */
  readonly number: number;
  /** Rows inserted, updated and deleted: over all steps the plan's changeCount. */
  readonly rows: number;
  /** Some of its rows, to see by them whether it was carried out. */
  readonly witnesses: readonly StepWitness[];
  /** Guards, then changes, as JSON text. Made anew at every call. */
  operations(): Iterable<string>;
}

/** Cuts the plan into steps, to be carried out in their order. ONE: it is to be one transaction (apply.ts). */
export async function planSteps(plan: Plan, limits: StepLimits, breath: Breath): Promise<readonly Step[] | 'ONE'> {
  if (plan.changeCount === 0) return 'ONE';
  const dependencies = await Dependencies.read(plan, breath);
  const order = await orderRows(dependencies, breath);
  const cut = await new Cutting(dependencies, order, limits).run(breath);
  if (cut.length < 2) return 'ONE';
  const writer = new StepWriter(dependencies, cut.layout);
  return cut.ends.map((end, i): Step => {
    const rows = order.rows.subarray(cut.ends[i - 1] ?? 0, end);
    const number = i + 1;
    return {
      number,
      rows: rows.reduce((count, row) => count + (dependencies.rows.fates[row] === FATE.MOVE ? 0 : 1), 0),
      witnesses: chooseStepWitnesses(dependencies.rows, rows),
      operations: () => writer.operations(rows, number),
    };
  });
}

/** Fills one step after the other with groups of rows. */
class Cutting {
  private readonly layout: Layout;
  /** For each row the last step that changes its sets. */
  private readonly touchedIn: Int32Array;
  private readonly ends: number[] = [];
  private step = 1;
  private rows = 0;
  private bytes = 0;

  constructor(
    private readonly dependencies: Dependencies,
    private readonly order: RowOrder,
    private readonly limits: StepLimits,
  ) {
    const { count } = dependencies.rows;
    this.layout = { stepOf: new Int32Array(count), isPartial: new Uint8Array(count) };
    this.touchedIn = new Int32Array(count);
  }

  async run(
    breath: Breath,
  ): Promise<{ readonly layout: Layout; readonly ends: readonly number[]; readonly length: number }> {
    let start = 0;
    for (const end of this.order.ends) {
      const group = this.order.rows.subarray(start, end);
      const rows = group.reduce((count, row) => count + (this.dependencies.rows.fates[row] === FATE.MOVE ? 0 : 1), 0);
      let bytes = this.take(group);
      if (this.rows > 0 && (this.rows + rows > this.limits.rowsMax || this.bytes + bytes > this.limits.bytesMax)) {
        this.ends.push(start);
        this.step++;
        this.rows = this.bytes = 0;
        bytes = this.take(group);
      }
      this.rows += rows;
      this.bytes += bytes;
      start = end;
      if (breath.due()) await breath.rest();
    }
    this.ends.push(start);
    for (const row of this.order.rows) this.markHolders(row);
    return { layout: this.layout, ends: this.ends, length: this.ends.length };
  }

  /** Puts the group into the current step; answers the text that it adds to the step, at most. */
  private take(group: Int32Array): number {
    const { rows, memberships, bytes } = this.dependencies;
    let sum = 0;
    for (const row of group) this.layout.stepOf[row] = this.step;
    for (const row of group) {
      sum += bytes[row] as number;
      for (let link = memberships.first(row); link !== NO_LINK; link = memberships.next(link)) {
        const holder = memberships.target(link);
        const since = this.layout.stepOf[holder] as number;
        // an inserted row brings members that are there with it
        if (rows.isInserted(holder) && (since === 0 || since === this.step)) continue;
        sum += this.touchedIn[holder] === this.step ? MEMBERSHIP_BYTES.again : MEMBERSHIP_BYTES.first;
        this.touchedIn[holder] = this.step;
      }
    }
    return sum;
  }

  /** Marks inserted rows whose sets get this row only in a later step. */
  private markHolders(row: number): void {
    const { rows, memberships } = this.dependencies;
    const { stepOf, isPartial } = this.layout;
    for (let link = memberships.first(row); link !== NO_LINK; link = memberships.next(link)) {
      const holder = memberships.target(link);
      if (rows.isInserted(holder) && (stepOf[holder] as number) < (stepOf[row] as number)) isPartial[holder] = 1;
    }
  }
}
