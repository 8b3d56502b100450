/**
 * A plan that is in the database: its rows are compared with it, and northd and the chassis are waited for where that
 * was asked for.
 */
import { type Convergence, convergeAnywhere, type SyncTarget } from '../../engine/verify/converge.js';
import { verifyPlan } from '../../engine/verify/verify.js';
import type { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import { type Database, databaseError } from '../database/database.js';
import type { LiveDatabase } from '../database/live-database.js';
import type { Planned } from './planner/restore-planner.js';
import type { Ending } from './restore-result.js';

/** What was sent to the database. */
export interface SentPlan {
  readonly planned: Planned;
  /** Transactions that it took. */
  readonly steps: number;
  /** performance.now() */
  readonly committedAt: number;
  readonly notes: readonly string[];
}

export interface VerifyParts {
  readonly database: Database;
  readonly live: LiveDatabase;
  readonly sync: SyncTarget;
  /** How long northd and the chassis may take. */
  readonly syncMsMax: number;
  /** How long a database that went away may take to come back. */
  readonly comeBackMs: number;
  readonly breath: Breath;
  enter(phase: 'VERIFYING' | 'CONVERGING', message: string): Promise<void>;
  tell(completed: number, total: number, message: string): void;
}

/** What is to be told of a restore that ends here. */
export type Verified = Omit<Ending, 'elapsedMs' | 'dryRun'>;

/** @param known the database after the commit, where it was read already */
export async function verifyCommitted(
  { planned, steps, committedAt, notes }: SentPlan,
  known: Snapshot | undefined,
  parts: VerifyParts,
): Promise<Verified> {
  // begins while the rows are verified
  const converging = converge(committedAt, parts);
  await parts.enter('VERIFYING', 'Comparing the database with the plan');
  try {
    const after = known ?? (await parts.live.snapshot({ timeoutMs: parts.comeBackMs }));
    const { changeCount } = planned.plan;
    const { problems, warnings } = await verifyPlan(planned.plan, after, parts.breath, (compared) => {
      parts.tell(compared, changeCount, `Compared ${compared} of ${changeCount} changed rows`);
    });
    if (problems.length > 0)
      return {
        planned,
        steps,
        warnings: [...notes, ...warnings],
        errors: [
          {
            code: 'INTERNAL',
            message:
              'The transaction was committed, but these rows are not as planned: somebody may have changed them since',
          },
          ...problems,
        ],
      };
    return { planned, steps, ...(await converged(converging, [...notes, ...warnings], parts)) };
  } catch (error) {
    const problem = databaseError(error);
    if (!(problem instanceof AppError)) throw error;
    return {
      planned,
      steps,
      errors: [
        {
          code: problem.code,
          message:
            'The transaction was committed, but the database could not be read again to verify it: ' + problem.message,
        },
      ],
    };
  }
}

function converge(committedAt: number, { sync, database, syncMsMax }: VerifyParts): Promise<Convergence | undefined> {
  return sync === 'NONE'
    ? Promise.resolve(undefined)
    : convergeAnywhere(database.client, sync, { since: committedAt, limitMs: syncMsMax });
}

async function converged(
  converging: Promise<Convergence | undefined>,
  warnings: readonly string[],
  parts: VerifyParts,
): Promise<Pick<Ending, 'warnings' | 'convergenceSeconds'>> {
  const { sync } = parts;
  if (sync !== 'NONE')
    await parts.enter(
      'CONVERGING',
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
