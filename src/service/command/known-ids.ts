/** Ids of backups, restores and jobs look alike: what is told of one that is not found, or is of something else. */
import { AppError } from '../../lib/error.js';

export type IdKind = 'backup' | 'restore' | 'job' | 'drill';

/** Wanted -> given instead -> what to do. */
const ADVICE: Readonly<Record<IdKind, Readonly<Partial<Record<IdKind, string>>>>> = {
  backup: {
    restore: 'That is the id of a restore: give the id of the backup that it is of',
    job: 'That is the id of a job: give the id of the backup that it is about',
    drill: 'That is the id of a drill: give the id of the backup that it is of',
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

/** The beginning of an id that is too short to be meant for one. */
const PREFIX_CHARACTERS_MIN = 4;

/** Those of one kind that there are. */
export interface IdSource {
  /** Ids of the databases that the one with that id is of; undefined where there is none. */
  readonly databasesOf: (id: string) => readonly string[] | undefined;
  /** The ids of all. */
  readonly ids: () => Iterable<string>;
  /** What it knows of an id that is not found, in a sentence. */
  readonly hint?: (wanted: IdKind, id: string) => string | undefined;
}

/** An id that is not found. What is told of it may name others of its kind. */
export class UnknownId extends AppError {
  /** @param plain what may be told to anybody @param hint which one is meant */
  constructor(
    private readonly about: string,
    private readonly plain: string,
    hint: string | undefined,
  ) {
    super('NOT_FOUND', `${about}. ${hint ?? plain}`);
  }

  /** The same for whoever may not know of all that there are. */
  withoutHint(): UnknownId {
    return new UnknownId(this.about, this.plain, undefined);
  }
}

export class KnownIds {
  private readonly known = new Map<IdKind, IdSource>();

  tell(kind: IdKind, source: IdSource): void {
    this.known.set(kind, source);
  }

  /** Ids of the databases that something is of; undefined where there is none of this kind with that id. */
  databasesOf(kind: IdKind, id: string): readonly string[] | undefined {
    return this.known.get(kind)?.databasesOf(id);
  }

  notFound(wanted: IdKind, id: string): AppError {
    const another = this.ofAnotherKind(wanted, id);
    const plain = another ?? `List the ${wanted}s to see which there are`;
    const hint = this.hinted(wanted, id) ?? another ?? this.nearlyWritten(wanted, id);
    return new UnknownId(`${NAMES[wanted]} not found: ${id}`, plain, hint);
  }

  private hinted(wanted: IdKind, id: string): string | undefined {
    for (const { hint } of this.known.values()) {
      const told = hint?.(wanted, id);
      if (told !== undefined) return told;
    }
    return undefined;
  }

  private ofAnotherKind(wanted: IdKind, id: string): string | undefined {
    const kinds = (Object.keys(ADVICE[wanted]) as IdKind[]).filter((kind) => this.databasesOf(kind, id) !== undefined);
    // a drill is a job too, and its own kind says more
    const kind = kinds.find((each) => each !== 'job') ?? kinds[0];
    return kind === undefined ? undefined : ADVICE[wanted][kind];
  }

  /** In capitals, or only its beginning. */
  private nearlyWritten(wanted: IdKind, id: string): string | undefined {
    const source = this.known.get(wanted);
    const lower = id.trim().toLowerCase();
    if (source === undefined || lower.length < PREFIX_CHARACTERS_MIN) return undefined;
    if (source.databasesOf(lower) !== undefined) return `There is ${lower}, in small letters`;
    const found: string[] = [];
    for (const each of source.ids()) if (each.startsWith(lower)) found.push(each);
    if (found.length === 0) return undefined;
    return found.length === 1
      ? `That is the beginning of the id ${found.join()}: give all of it`
      : `That is the beginning of ${found.length} ids, such as ${found.slice(0, 2).join(' and ')}: give all of it`;
  }
}
