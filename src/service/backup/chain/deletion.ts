/** Deleting a backup that others may build on. */
import { wholeHeader } from '../../../archive/content/archive-header.js';
import { packArchive } from '../../../archive/pack.js';
import { AppError } from '../../../lib/error.js';
import { plural } from '../../../lib/text/plural.js';
import type { BackupRecord } from '../backup-record.js';
import type { Catalog } from '../catalog/catalog.js';
import { called, chainContentSize, chainOf, childrenOf, descendantsOf } from '../catalog/chain.js';
import { headerFrom } from '../header.js';
import { archiveExtension } from '../layout.js';
import type { BackupReader } from '../read-backup.js';
import { withScratch } from '../scratch-space.js';

/**
 * What becomes of those that build on a backup that is deleted. REFUSE: it is not deleted then. MERGE: the ones that
 * build on it directly are made to hold all their rows first. DELETE: they are deleted too.
 */
export const CASCADES = ['REFUSE', 'MERGE', 'DELETE'] as const;
export type Cascade = (typeof CASCADES)[number];

export interface DeletionParts {
  readonly catalog: Catalog;
  readonly stored: BackupReader;
  readonly scratchFolder: string;
  readonly signal: AbortSignal;
}

const NAMED_MAX = 3;

/** @throws AppError CONFLICT where it is pinned, or one that would go with it */
export function checkUnpinned(record: BackupRecord, cascade: Cascade, catalog: Catalog): void {
  const all = cascade === 'DELETE' ? [record, ...descendantsOf(record, catalog)] : [record];
  const pinned = all.find(({ pinned: is }) => is === true);
  if (pinned === undefined) return;
  throw new AppError(
    'CONFLICT',
    `Nothing is deleted: backup ${called(pinned)} is pinned. Unpin it first, if it is to go`,
    { details: { reason: 'PINNED', backupIds: [pinned.id] } },
  );
}

/** @throws AppError CONFLICT where others build on it */
export function checkUnused(record: BackupRecord, catalog: Catalog): void {
  const children = childrenOf(record, catalog);
  if (children.length === 0) return;
  const named = children.slice(0, NAMED_MAX).map(called).join(', ');
  const more = children.length > NAMED_MAX ? ` and ${children.length - NAMED_MAX} more` : '';
  throw new AppError(
    'CONFLICT',
    `Backup ${called(record)} is not deleted: ${plural(children.length, '# {backup builds|backups build} on it')} ` +
      `(${named}${more}). Delete it with \`cascade\` \`MERGE\`, which makes them whole first, or with \`DELETE\`, ` +
      'which deletes them too',
    { details: { reason: 'BUILT_UPON', backupIds: children.map(({ id }) => id) } },
  );
}

/**
 * Makes those that build on it directly hold all their rows. Each keeps its id, name, time and digest, so that those
 * that build on it stay as they are. Its old archive goes when the new one is durable.
 * @throws AppError INTEGRITY_FAILED, STORE_FULL, STORE_UNAVAILABLE; BAD_USER_INPUT for one that is encrypted
 */
export async function mergeChildren(record: BackupRecord, parts: DeletionParts): Promise<void> {
  for (const child of childrenOf(record, parts.catalog)) {
    if (chainOf(child, parts.catalog).some(({ encrypted }) => encrypted))
      throw new AppError(
        'BAD_USER_INPUT',
        `Backup ${called(child)} is encrypted: its rows cannot be read to make it whole. Keep ${called(record)}, or ` +
          'delete it with `cascade` `DELETE`',
      );
  }
  for (const child of childrenOf(record, parts.catalog)) {
    await makeWhole(child, parts).catch((error: unknown) => {
      // somebody else has deleted it meanwhile
      if (parts.catalog.find(child.id) !== undefined) throw error;
    });
  }
}

async function makeWhole(
  record: BackupRecord,
  { catalog, stored, scratchFolder, signal }: DeletionParts,
): Promise<void> {
  const contentSize = chainContentSize(record, catalog);
  await withScratch(scratchFolder, { ...record, contentSize }, async (scratch) => {
    const { snapshot, header = headerFrom(record, snapshot) } = await stored.read(record, undefined, {
      scratch,
      signal,
    });
    const { archiveFormat: format, compressed, encrypted } = record;
    const reservation = await catalog.reserve({
      name: record.name,
      createdAt: Date.parse(record.createdAt),
      extension: archiveExtension(format, { compressed, encrypted }),
    });
    try {
      const whole = wholeHeader(header);
      const packing = packArchive(snapshot, { format, compress: compressed, header: whole, signal });
      await reservation.put(packing.bytes, { signal });
      const { parent: _parent, changes: _changes, format: _format, file: _file, ...kept } = record;
      await catalog.replace(reservation, { ...kept, ...(await packing.result), type: whole.type });
    } finally {
      await catalog.abandon(reservation);
    }
  });
}

/** Of the backup and all that build on it, one that nothing builds on: the next to be deleted. */
export function lastOf(record: BackupRecord, catalog: Catalog): BackupRecord {
  return descendantsOf(record, catalog).at(-1) ?? record;
}
