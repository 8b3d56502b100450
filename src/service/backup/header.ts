/** The header of an archive that has none, from what is known of it. */
import type { ArchiveHeader } from '../../archive/content/archive-header.js';
import { defined } from '../../lib/defined.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import { summaryOf } from './backup-content.js';
import type { BackupRecord } from './backup-record.js';
import { headerSelection } from './selection.js';

export function headerFrom(record: BackupRecord, snapshot: Snapshot): ArchiveHeader {
  const { id, name, description, createdAt, createdBy, database, type } = record;
  return {
    ...summaryOf(snapshot),
    id,
    name,
    ...defined({ description }),
    createdAt,
    createdBy,
    database,
    type,
    ...headerSelection(record),
  };
}
