/**
 * A plan that is in the database: its rows are compared with it, and northd and the chassis are waited for where that
 * was asked for.
 */
import { type Convergence, convergeAnywhere, type SyncTarget } from '../../../engine/verify/converge.js';
import type { FilledTables } from '../../../engine/verify/filled-tables.js';
import { readBack } from '../../../engine/verify/read-back.js';
import { readPlanned } from '../../../engine/verify/read-planned.js';
import type { Verification, VerifyMode } from '../../../engine/verify/verify.js';
import type { Breath } from '../../../lib/breath.js';
import type { Clock } from '../../../lib/clock.js';
import { AppError } from '../../../lib/error.js';
import { plural } from '../../../lib/text/plural.js';
import { type Database } from '../../database/database.js';
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
  /** Tables that were watched while the plan was sent. */
  readonly filled: FilledTables | undefined;
  readonly clock: Clock;
  readonly mode: VerifyMode;
  readonly sync: SyncTarget;
  /** How long northd and the chassis may take. */
  readonly syncMsMax: number;
  /** How long a database that went away may take to come back. */
  readonly comeBackMs: number;
  readonly breath: Breath;
  /** Ends the reading back. */
  readonly signal: AbortSignal;
  /** Ends the waiting for the network: something more urgent waits for the database. */
  readonly room: AbortSignal;
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

/** Whatever is found, the plan is in the database: what differs was written by somebody since, and is warned of. */
export async function verifyCommitted(sent: SentPlan, parts: VerifyParts): Promise<Verified> {
  // begins while the rows are verified
  const converging = converge(sent.committedAt, parts);
  const warnings = [...sent.notes, ...(await differences(sent, parts))];
  return converged(converging, warnings, parts);
}

const SINCE: Readonly<Record<VerifyMode, string>> = {
  ASSERTIONS: 'The restore is in the database. Rows of it are not as planned any more: somebody has changed them since',
  FULL:
    'The restore is in the database. Somebody else has written to the tables that it changed, since it was planned ' +
    'or later: these rows are not as they were to be',
};

async function differences({ planned }: SentPlan, parts: VerifyParts): Promise<readonly string[]> {
  try {
    const { problems, warnings, asPlanned, touched } = await verify(planned.plan, parts);
    if (problems.length === 0) return warnings;
    const named = problems.slice(0, NAMED_MAX).map(({ message }) => `After the commit: ${message}`);
    const more = touched - asPlanned - named.length;
    return [SINCE[parts.mode], ...named, ...(more > 0 ? [plural(more, 'And # more {row|rows}')] : []), ...warnings];
  } catch (error) {
    if (parts.signal.aborted)
      return ['The restore is in the database, but its rows were not verified: reading them back was given up'];
    const problem = parts.live.database.errorOf(error);
    if (!(problem instanceof AppError)) throw error;
    return [`The restore is in the database, but its rows were not verified: ${problem.message}`];
  }
}

async function verify(
  plan: Planned['plan'],
  { mode, live, filled, comeBackMs, clock, breath, signal, ...parts }: VerifyParts,
): Promise<Verification> {
  const [read, rows] =
    mode === 'FULL'
      ? ([readBack, '{row|rows} of the tables touched'] as const)
      : ([readPlanned, 'changed {row|rows}'] as const);
  return live.read({ timeoutMs: comeBackMs, signal }, (session) =>
    read(plan, session, {
      clock,
      breath,
      signal,
      filled,
      onProgress: (compared, total) => {
        parts.tell(compared, total, plural(total, `Compared ${compared} of # ${rows}`));
      },
    }),
  );
}

function converge(
  committedAt: number,
  { clock, sync, database, syncMsMax, room }: VerifyParts,
): Promise<Convergence | undefined> {
  return sync === 'NONE'
    ? Promise.resolve(undefined)
    : convergeAnywhere(database.client, sync, { clock, since: committedAt, limitMs: syncMsMax, signal: room });
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
        (parts.room.aborted
          ? 'what is more urgent waited for the database'
          : (convergence.reason ?? 'no reason is known')),
    ],
  };
}
