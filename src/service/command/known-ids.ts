/** Ids of backups, restores and jobs look alike: what is told of one that is not found, or is of something else. */
import { AppError } from '../../lib/error.js';

export type IdKind = 'backup' | 'restore' | 'job' | 'drill';

/** Wanted -> given instead -> what to do. */
const ADVICE: Readonly<Record<IdKind, Readonly<Partial<Record<IdKind, string>>>>> = {
  backup: {
    restore: 'That is the id of a restore: give the id of the backup that it is of',
    job: 'That is the id of a job: give the id of the backup that it is about',
  },
  restore: {
    backup: 'That is the id of a backup: list its restores, and give the id of one of them',
    job: 'That is the id of a job: restores are no jobs, list them to see which there are',
  },
  job: {
    backup: 'That is the id of a backup, of which no job is kept: list the jobs to see which there are',
    restore: 'That is the id of a restore, and restores are no jobs: look for it among the restores',
  },
  drill: {
    backup: 'That is the id of a backup: list its drills, and give the id of one of them',
    restore: 'That is the id of a restore: look for it among the restores',
    job: 'That is the id of a job that is no drill: list the drills to see which there are',
  },
};
const NAMES: Readonly<Record<IdKind, string>> = { backup: 'Backup', restore: 'Restore', job: 'Job', drill: 'Drill' };

/** Of the one with that id; undefined where there is none. */
type DatabasesOf = (id: string) => readonly string[] | undefined;

export class KnownIds {
  private readonly known = new Map<IdKind, DatabasesOf>();

  tell(kind: IdKind, databasesOf: DatabasesOf): void {
    this.known.set(kind, databasesOf);
  }

  /** Ids of the databases that something is of; undefined where there is none of this kind with that id. */
  databasesOf(kind: IdKind, id: string): readonly string[] | undefined {
    return this.known.get(kind)?.(id);
  }

  notFound(wanted: IdKind, id: string): AppError {
    for (const [kind, databasesOf] of this.known) {
      const advice = ADVICE[wanted][kind];
      if (advice !== undefined && databasesOf(id) !== undefined)
        return new AppError('NOT_FOUND', `${NAMES[wanted]} not found: ${id}. ${advice}`);
    }
    return new AppError('NOT_FOUND', `${NAMES[wanted]} not found: ${id}. List the ${wanted}s to see which there are`);
  }
}
