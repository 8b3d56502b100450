/**
 * Apply: a plan becomes one transaction, and either all of it happens or nothing. On a cluster a large one becomes a
 * few (transactions.ts), of each of which the same holds.
 *
 * Guards first: `wait` operations that abort everything when a row that the plan was made from is no
 * longer what it was. Then only operations that may run twice without harm, since a cluster may
 * run a transaction twice: inserts with explicit UUIDs, updates in place by UUID, set inserts, deletes.
 * Operations are made row by row while they are sent; a request of 300,000 rows is never in memory.
 */
import { assert } from '../../lib/assert.js';
import { Breath } from '../../lib/breath.js';
import { referenceColumns } from '../../model/reference/reference.js';
import type { Session } from '../../ovsdb/client.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { COMMIT_DURABLY, commentOperation, deleteOperation } from '../../ovsdb/operation.js';
import { checkTransactReply } from '../../ovsdb/reply.js';
import { AssignedValueGuards } from '../guard/assigned-value-guard.js';
import { FoundRows, foundTargetGuards } from '../guard/found-row.js';
import { NameGuards } from '../guard/name-guard.js';
import { bothStates, deleteGuards, rowGuard } from '../guard/row-guard.js';
import { unindexedGuards } from '../guard/unindexed-row.js';
import { updatedState } from '../guard/update-guard.js';
import { referrerGuards } from '../guard/weak-referrer.js';
import { countOutcomes, OUTCOME, type Plan, type TablePlan } from '../plan/table-plan.js';
import { InsertWriter } from './insert.js';
import type { PlanTransaction } from './transactions.js';
import { updateTexts } from './update.js';

/**
 * VALUES: what is overwritten or deleted must be as the plan saw it. REFERENCES: only the references in it and to it
 * must be, so that no row is lost, and no reference; other columns may have been written since. For what must get
 * through on a database that never stands still.
 */
export type Guarded = 'VALUES' | 'REFERENCES';

export interface ApplyOptions {
  /** VALUES if left out; transactions of a plan that is cut always guard values. */
  readonly guarded?: Guarded | undefined;
  /** Goes into the database's log. */
  readonly comment: string;
  /** Longest time for the server to commit. Default: longer the more is changed. */
  readonly timeoutMs?: number;
  /** Told from time to time how many changes have been sent. */
  readonly onProgress?: ((sent: number) => void) | undefined;
  /**
   * The end of the transaction is held back until this settles: a server never carries out half a request. When it
   * rejects, the connection is closed.
   */
  readonly mayEnd?: Promise<unknown> | undefined;
}

/**
 * Sends the transaction and waits for it to be committed durably.
 * @throws OvsdbError when the server refused it: nothing was changed (isStale tells whether a guard fired)
 * @throws ConnectionError when the answer did not come: the transaction may or may not have been carried out
 * @throws what mayEnd rejects with: nothing was changed
 */
export async function applyPlan(session: Session, plan: Plan, options: ApplyOptions): Promise<void> {
  assert(plan.problems.length === 0 && plan.changeCount > 0, 'a plan that cannot or need not be applied was applied');
  const { timeoutMs = limitOf(plan.changeCount) } = options;
  await transact(session, await planOperations(plan, options.guarded), { ...options, timeoutMs });
}

/**
 * The operations that applyPlan sends, in their order, one or more to a text: a refusal names one by its number.
 * @param guarded as of applyPlan
 */
export async function* operationTexts(plan: Plan, guarded?: Guarded): AsyncGenerator<string> {
  for (const { text } of await planOperations(plan, guarded)) yield text;
}

async function planOperations(plan: Plan, guarded: Guarded = 'VALUES'): Promise<Iterable<Operation>> {
  const breath = new Breath();
  const found = new FoundRows(plan);
  const unindexed = await unindexedGuards(plan, breath);
  return operations(plan, guarded, {
    found,
    asked: unindexed.tables,
    others: [
      ...(await referrerGuards(plan, breath)),
      ...(await foundTargetGuards(plan, found, breath)),
      ...unindexed.texts,
      ...(await AssignedValueGuards.read(plan, breath)).all(),
    ],
    names: await NameGuards.read(plan, breath),
  });
}

/**
 * The same for one of the transactions of a plan, those before it having been applied. On a cluster its errors mean
 * little: "timed out" and "duplicate uuid" may be said of one that was carried out.
 * @throws OvsdbError, ConnectionError as applyPlan
 */
export async function applyTransaction(
  session: Session,
  transaction: PlanTransaction,
  options: ApplyOptions,
): Promise<void> {
  const { timeoutMs = limitOf(transaction.rows) } = options;
  await transact(session, unmarked(transaction.operations()), { ...options, timeoutMs, onProgress: undefined });
  options.onProgress?.(transaction.rows);
}

interface Operation {
  /** One, or more with commas between them. */
  readonly text: string;
  /** Counts as progress. */
  readonly change: boolean;
}

/** A server may have a large reply to make for somebody else before it looks at the transaction. */
const LIMIT_FIRST_MS = 60_000;
/** Thirty times what is measured, from the first byte that is sent to the commit. */
const LIMIT_MS_PER_CHANGE = 1;

function limitOf(changes: number): number {
  return LIMIT_FIRST_MS + LIMIT_MS_PER_CHANGE * changes;
}

async function transact(
  session: Session,
  toSend: Iterable<Operation>,
  options: ApplyOptions & { readonly timeoutMs: number },
): Promise<void> {
  const { timeoutMs } = options;
  const request = requestText(session.schema.name, toSend, options);
  checkTransactReply(await session.connection.call('transact', request, { timeoutMs }));
}

/** JSON text of the params of transact, in pieces. */
async function* requestText(
  database: string,
  toSend: Iterable<Operation>,
  { comment, onProgress, mayEnd }: ApplyOptions,
): AsyncGenerator<string> {
  const breath = new Breath();
  let sent = 0;
  yield `[${JSON.stringify(database)}`;
  let piece = '';
  for (const operation of toSend) {
    piece += `,${operation.text}`;
    if (operation.change) sent++;
    if (piece.length >= PIECE_CHARACTERS) {
      yield piece;
      piece = '';
      onProgress?.(sent);
    }
    if (breath.due()) await breath.rest();
  }
  await mayEnd;
  yield `${piece},${commentOperation(comment)},${COMMIT_DURABLY}]`;
  onProgress?.(sent);
}

const PIECE_CHARACTERS = 64 << 10;

function* unmarked(texts: Iterable<string>): Generator<Operation> {
  for (const text of texts) yield { text, change: false };
}

/** Guards that are not of a row that is changed, and what more is known to guard those. */
interface KnownGuards {
  readonly found: FoundRows;
  /** Tables whose rows are asked for one by one. */
  readonly asked: ReadonlySet<string>;
  readonly names: NameGuards;
  readonly others: readonly string[];
}

function* operations(plan: Plan, guarded: Guarded, known: KnownGuards): Generator<Operation> {
  for (const table of plan.tables) yield* unmarked(guards(plan, table, guarded, known));
  yield* unmarked(known.others);
  yield* unmarked(known.names.all());
  for (const table of plan.tables) for (const text of changes(table, plan, guarded)) yield { text, change: true };
}

/** Of rows that are updated what is written, and rows that are deleted, must be as they were captured. */
function* guards(
  { live: { schema } }: Plan,
  { table, live, updates, deletes }: TablePlan,
  guarded: Guarded,
  { found, asked }: KnownGuards,
): Generator<string> {
  const isLoose = looseColumns(table, guarded);
  for (const update of updates.values()) {
    const uuid = live.uuid(update.liveIndex);
    const foundBy = found.has(uuid) ? found.state(table, uuid, live.row(update.liveIndex)) : {};
    yield rowGuard(table, uuid, bothStates(foundBy, updatedState(schema, table, update, { isLoose, asked })));
  }
  for (const index of deletes) yield* deleteGuards(table, { uuid: live.uuid(index), row: live.row(index) }, isLoose);
}

/** Names columns that others may have written to. */
function looseColumns(table: TableSchema, guarded: Guarded): (column: string) => boolean {
  const references = new Set(referenceColumns(table).map(({ column }) => column.name));
  return (column) => guarded === 'REFERENCES' && !references.has(column);
}

function* changes(draft: TablePlan, plan: Plan, guarded: Guarded): Generator<string> {
  const { table, backup, live, outcomes, updates, deletes } = draft;
  if (countOutcomes(draft).restored > 0) {
    const writer = new InsertWriter(draft, plan);
    for (let i = 0; i < backup.count; i++) if (outcomes[i] === OUTCOME.INSERT) yield writer.write(i);
  }
  const isLoose = looseColumns(table, guarded);
  for (const update of updates.values())
    yield updateTexts(table, live.uuid(update.liveIndex), update, isLoose).join(',');
  for (const index of deletes) yield deleteOperation(table.name, live.uuid(index));
}
