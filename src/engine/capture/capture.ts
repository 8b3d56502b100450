/**
 * Capture: reads every table and every stored column of the live schema at one instant, and keeps nothing open.
 */

import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { Session } from '../../ovsdb/client.js';
import { type CaptureOptions, HeldDatabase } from './followed-database.js';

export type { CaptureOptions } from './followed-database.js';

/**
 * Captures the session's database. Columns that the schema calls ephemeral are left out, as ovsdb-server leaves them
 * out of its own files: they say who is connected at the moment, and nothing of the configuration.
 * @throws ConnectionError, OvsdbError; AppError CANCELLED when the signal is aborted
 */
export async function capture(session: Session, options: CaptureOptions = {}): Promise<Snapshot> {
  const held = await HeldDatabase.capture(session, options);
  try {
    return await held.current();
  } finally {
    await held.release();
  }
}
