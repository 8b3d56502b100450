/** What an incremental backup builds on: chosen, read back while the database is captured, and compared with it. */
import { AppError } from '../../../lib/error.js';
import type { Scratch } from '../../../lib/scratch.js';
import { countRows, type Snapshot } from '../../../model/snapshot/snapshot.js';
import { type SnapshotDifference, snapshotDifference } from '../../../model/snapshot/snapshot-difference.js';
import { stringifyJson } from '../../../ovsdb/json.js';
import type { BackupRecord } from '../backup-record.js';
import { type Backups, called, needsKey } from '../catalog/chain.js';
import type { BackupReader } from '../read-backup.js';
import { misfitOf, type ParentChoice } from './parent-choice.js';

/** A parent that was read back, or why there is none: a sentence. */
export type ReadParent =
  | { readonly parent: BackupRecord; readonly state: Snapshot; readonly why?: undefined }
  | { readonly parent?: undefined; readonly why: string };

export type Basis =
  | { readonly parent: BackupRecord; readonly difference: SnapshotDifference; readonly why?: undefined }
  | { readonly parent?: undefined; readonly why: string };

export interface ParentReading {
  readonly backups: Backups;
  readonly stored: BackupReader;
  /** Of the new backup, which has to be that of every encrypted one in the chain. */
  readonly passphrase: string | undefined;
  /** It was asked for by its id: nothing else will do. */
  readonly isAsked: boolean;
  readonly scratch: Scratch | undefined;
  readonly signal: AbortSignal;
}

/**
 * Reads the parent back.
 * @throws AppError INTEGRITY_FAILED for a parent that is asked for and cannot be read; DECRYPTION_FAILED
 */
export async function readParent(
  { parent, why }: ParentChoice,
  { backups, stored, passphrase, isAsked, scratch, signal }: ParentReading,
): Promise<ReadParent> {
  if (parent === undefined) return { why };
  const key = needsKey(parent, backups) ? passphrase : undefined;
  try {
    const { snapshot: state } = await stored.read(parent, key, { scratch, signal });
    return { parent, state };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'DECRYPTION_FAILED')
      throw new AppError(
        'DECRYPTION_FAILED',
        `The backup would build on ${called(parent)}, which was encrypted with another passphrase. Encrypt it with ` +
          'the same one, name another parent, or make a full one',
        { cause: error },
      );
    if (isAsked || error.code !== 'INTEGRITY_FAILED') throw error;
    return { why: `${called(parent)} cannot be read: ${error.message}` };
  }
}

export function hasSameSchema(one: Snapshot, other: Snapshot): boolean {
  return stringifyJson(one.schema.json) === stringifyJson(other.schema.json);
}

/** What has changed since the parent, or why all rows have to be kept. */
export async function basisOf(
  read: ReadParent,
  captured: { readonly snapshot: Snapshot; readonly identity: string | undefined },
): Promise<Basis> {
  if (read.parent === undefined) return read;
  const { parent, state } = read;
  const { snapshot, identity } = captured;
  const why = misfitOf(parent, {
    identity,
    schemaVersion: snapshot.schema.version,
    hasSameSchema: hasSameSchema(state, snapshot),
  });
  if (why !== undefined) return { why };
  const difference = await snapshotDifference(state, snapshot);
  const { inserted, updated, deleted } = difference.counts;
  if (inserted + updated + deleted > countRows(snapshot) / 2 && countRows(snapshot) > 0)
    return { why: `more than half of the rows have changed since ${called(parent)}` };
  return { parent, difference };
}
