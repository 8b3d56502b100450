/** Which backup is meant, where something else of it than its id was given. Pure. */
import { plural } from '../../../lib/text/plural.js';
import type { BackupRecord } from '../backup-record.js';

/** @param backups newest first */
export function hintAt(given: string, backups: readonly BackupRecord[]): string | undefined {
  const fileName = given.slice(given.lastIndexOf('/') + 1);
  const ofFile = backups.find(({ file }) => file === fileName || `${file}.meta` === fileName);
  if (ofFile !== undefined) return `That is the file of backup ${ofFile.id}: give that id`;
  const named = backups.filter(({ name }) => name === given);
  const [newest] = named;
  if (newest === undefined) return undefined;
  return named.length === 1
    ? `That is the name of backup ${newest.id}: give that id`
    : plural(named.length, `That is the name of # {backup|backups}, the newest of which is ${newest.id}: give an id`);
}
