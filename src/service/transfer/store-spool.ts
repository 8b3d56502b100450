/** Keeping what an import has checked: the file as it came, and its manifest. */
import type { BackupDescription, BackupRecord } from '../backup/backup-record.js';
import type { Catalog } from '../backup/catalog/catalog.js';
import { archiveExtension } from '../backup/layout.js';
import type { ImportSpool } from './import-spool.js';

/** @throws as Reservation.put and Catalog.commit; the signal's reason: nothing is left behind then */
export async function storeSpool(
  spool: ImportSpool,
  catalog: Catalog,
  description: BackupDescription,
  signal: AbortSignal,
): Promise<BackupRecord> {
  const { name, createdAt, sealed = false, archiveFormat } = description;
  const reservation = await catalog.reserve({
    name,
    createdAt: Date.parse(createdAt),
    extension: sealed ? '.enc' : archiveExtension(archiveFormat, description),
  });
  try {
    const bytes = await spool.read();
    try {
      await reservation.put(bytes, { signal });
    } finally {
      // what cannot be written is not read, and so not closed, by whoever writes
      bytes.destroy();
    }
    signal.throwIfAborted();
    return await catalog.commit(reservation, description);
  } finally {
    await catalog.abandon(reservation);
  }
}
