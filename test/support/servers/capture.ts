/** One capture that keeps nothing open afterwards, for tests that need the rows and no monitor. */
import { type CaptureOptions, FollowedDatabase } from '../../../src/engine/capture/followed-database.js';
import { systemClock } from '../../../src/lib/clock.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import type { Session } from '../../../src/ovsdb/client.js';

/** @throws ConnectionError, OvsdbError; AppError CANCELLED when the signal is aborted */
export async function capture(session: Session, options: Partial<CaptureOptions> = {}): Promise<Snapshot> {
  const followed = await FollowedDatabase.capture(session, { clock: systemClock, ...options });
  try {
    return await followed.current();
  } finally {
    await followed.release();
  }
}
