/** What an incremental backup builds on: chosen, read back while the database is captured, and compared with it. */
import { AppError } from '../../../lib/error.js';
import { countRows, type Snapshot } from '../../../model/snapshot/snapshot.js';
import { type SnapshotDifference, snapshotDifference } from '../../../model/snapshot/snapshot-difference.js';
import { stringifyJson } from '../../../ovsdb/json.js';
import type { BackupRecord } from '../backup-record.js';
import { type Backups, called, chainOf } from '../catalog/chain.js';
import type { BackupReader } from '../read-backup.js';
import { chooseParent, misfitOf, type ParentQuestion } from './parent-choice.js';

/** A parent that was read back, or why there is none: a sentence. */
export type ReadParent =
  | { readonly parent: BackupRecord; readonly state: Snapshot; readonly why?: undefined }
  | { readonly parent?: undefined; readonly why: string };

export type Basis =
  | { readonly parent: BackupRecord; readonly difference: SnapshotDifference; readonly why?: undefined }
  | { readonly parent?: undefined; readonly why: string };

export interface BasisParts {
  readonly backups: Backups;
  readonly stored: BackupReader;
  readonly signal: AbortSignal;
}

/**
 * Chooses the parent and reads it back.
 * @param passphrase of the new backup, which has to be that of every encrypted one in the chain
 * @throws AppError NOT_FOUND, BAD_USER_INPUT, INTEGRITY_FAILED for a parent that is asked for by its id and cannot be
 * one; DECRYPTION_FAILED
 */
export async function readParent(
  question: ParentQuestion,
  passphrase: string | undefined,
  { backups, stored, signal }: BasisParts,
): Promise<ReadParent> {
  const { parent, why } = chooseParent(question, backups);
  if (parent === undefined) return { why };
  const isEncrypted = chainOf(parent, backups).some(({ encrypted }) => encrypted);
  try {
    const { snapshot: state } = await stored.read(parent, isEncrypted ? passphrase : undefined, { signal });
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
    if (question.parentId !== undefined || error.code !== 'INTEGRITY_FAILED') throw error;
    return { why: `${called(parent)} cannot be read: ${error.message}` };
  }
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
    hasSameSchema: stringifyJson(state.schema.json) === stringifyJson(snapshot.schema.json),
  });
  if (why !== undefined) return { why };
  const difference = await snapshotDifference(state, snapshot);
  const { inserted, updated, deleted } = difference.counts;
  if (inserted + updated + deleted > countRows(snapshot) / 2 && countRows(snapshot) > 0)
    return { why: `more than half of the rows have changed since ${called(parent)}` };
  return { parent, difference };
}
