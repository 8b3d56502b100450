/**
 * A plan that is in the database: its rows are compared with it, and northd and the chassis are waited for where that
 * was asked for.
 */
import { type Convergence, convergeAnywhere, type SyncTarget } from '../../../engine/verify/converge.js';
import { verifyPlan } from '../../../engine/verify/verify.js';
import type { Breath } from '../../../lib/breath.js';
import type { Clock } from '../../../lib/clock.js';
import { AppError } from '../../../lib/error.js';
import type { Snapshot } from '../../../model/snapshot/snapshot.js';
import { type Database, databaseError } from '../../database/database.js';
import type { LiveDatabase } from '../../database/live-database.js';
import type { Planned } from '../planner/restore-planner.js';

/** What was sent to the database. */
export interface SentPlan {
  readonly planned: Planned;
  /** Transactions that it took. */
  readonly steps: number;
  /** When it was committed, on the monotonic clock. */
  readonly committedAt: number;
  readonly notes: readonly string[];
}

export interface VerifyParts {
  readonly database: Database;
  readonly live: LiveDatabase;
  readonly clock: Clock;
  readonly sync: SyncTarget;
  /** How long northd and the chassis may take. */
  readonly syncMsMax: number;
  /** How long a database that went away may take to come back. */
  readonly comeBackMs: number;
  readonly breath: Breath;
  /** It is verified, and northd, or the chassis too, is waited for. */
  converging(message: string): Promise<void>;
  tell(completed: number, total: number, message: string): void;
}

export interface Verified {
  readonly warnings: readonly string[];
  readonly convergenceSeconds?: number;
}

/** Rows named in a warning. */
const NAMED_MAX = 20;

/**
 * Whatever is found, the plan is in the database: what differs was written by somebody else since, and is warned of.
 * @param known the database after the commit, where it was read already
 */
export async function verifyCommitted(
  sent: SentPlan,
  known: Snapshot | undefined,
  parts: VerifyParts,
): Promise<Verified> {
  // begins while the rows are verified
  const converging = converge(sent.committedAt, parts);
  const warnings = [...sent.notes, ...(await differences(sent, known, parts))];
  return converged(converging, warnings, parts);
}

async function differences(
  { planned }: SentPlan,
  known: Snapshot | undefined,
  { live, comeBackMs, breath, ...parts }: VerifyParts,
): Promise<readonly string[]> {
  const { plan } = planned;
  try {
    const after = known ?? (await live.snapshot({ timeoutMs: comeBackMs }));
    const { problems, warnings } = await verifyPlan(plan, after, breath, (compared) => {
      parts.tell(compared, plan.changeCount, `Compared ${compared} of ${plan.changeCount} changed rows`);
    });
    if (problems.length === 0) return warnings;
    const named = problems.slice(0, NAMED_MAX).map(({ message }) => `After the commit: ${message}`);
    const more = problems.length - named.length;
    return [
      'The restore is in the database. Rows of it are not as planned any more: somebody has changed them since',
      ...named,
      ...(more > 0 ? [`And ${more} more rows`] : []),
      ...warnings,
    ];
  } catch (error) {
    const problem = databaseError(error);
    if (!(problem instanceof AppError)) throw error;
    return [`The restore is in the database, but its rows were not verified: ${problem.message}`];
  }
}

function converge(
  committedAt: number,
  { clock, sync, database, syncMsMax }: VerifyParts,
): Promise<Convergence | undefined> {
  return sync === 'NONE'
    ? Promise.resolve(undefined)
    : convergeAnywhere(database.client, sync, { clock, since: committedAt, limitMs: syncMsMax });
}

async function converged(
  converging: Promise<Convergence | undefined>,
  warnings: readonly string[],
  parts: VerifyParts,
): Promise<Verified> {
  const { sync } = parts;
  if (sync !== 'NONE')
    await parts.converging(
      `Waiting for ${sync === 'SB' ? 'northd' : 'northd and the chassis'} to take the change over`,
    );
  const convergence = await converging;
  if (convergence === undefined) return { warnings };
  if (convergence.reached) return { warnings, convergenceSeconds: convergence.seconds };
  return {
    warnings: [
      ...warnings,
      'The restore is in the database, but the network was not seen to take it over: ' +
        (convergence.reason ?? 'no reason is known'),
    ],
  };
}
