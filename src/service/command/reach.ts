/**
 * Which databases a call may be about: a token may be limited to some. A command declares what it touches; here, and
 * nowhere else, it is decided whether that is within what the token is limited to. A token that is not limited passes
 * everything.
 */
import type { Viewer } from '../../auth/permission.js';
import { AppError } from '../../lib/error.js';
import type { IdKind } from './known-ids.js';

/** Something that a call is about: a database by its id, the default one where it has none; or what is of databases. */
export type Touched =
  | { readonly kind: 'database'; readonly id: string | null | undefined }
  | { readonly kind: IdKind; readonly id: string }
  /** All that builds on a backup. */
  | { readonly kind: 'dependents'; readonly id: string };

/** What is of which database. */
export interface Whereabouts {
  /** Where nothing else is said. */
  readonly defaultDatabase: () => string;
  /** Ids of databases; undefined where there is nothing of that kind and id. */
  readonly databasesOf: (kind: IdKind | 'dependents', id: string) => readonly string[] | undefined;
}

/** A database that may be named, such as in a filter. */
export function namedDatabase(id: string | null | undefined): readonly Touched[] {
  return typeof id === 'string' ? [{ kind: 'database', id }] : [];
}

const ID_CHARACTERS_MAX = 100;
const NAMED_MAX = 10;
/** Of nobody knows which database: no token is limited to one of that name. */
const UNKNOWN: readonly string[] = ['?'];

export class Reach {
  /** @param where undefined where nobody knows: then a limited token may touch nothing that is known by its id */
  constructor(
    private readonly viewer: Viewer,
    private readonly where: Whereabouts | undefined,
  ) {}

  /** Whether there are databases that are not to be seen. */
  get isLimited(): boolean {
    return this.viewer.databases !== undefined;
  }

  /** Whether what is of this database may be seen. */
  has(database: string): boolean {
    return this.viewer.databases?.has(database) ?? true;
  }

  hasAll(databases: readonly string[]): boolean {
    return databases.every((database) => this.has(database));
  }

  /** Whether all may be seen that it is of; not where there is none. */
  hasOf(kind: IdKind, id: string): boolean {
    if (!this.isLimited) return true;
    const databases = this.where?.databasesOf(kind, id);
    return databases !== undefined && this.hasAll(databases);
  }

  /** Whether it is known to be of a database that may not be seen. */
  isBeyond(kind: IdKind, id: string): boolean {
    return this.isLimited && !this.hasAll(this.where?.databasesOf(kind, id) ?? []);
  }

  /** The one database that all of it is of; undefined where there are several, or where that is not known. */
  databaseOf(touched: readonly Touched[]): string | undefined {
    const databases = new Set(touched.flatMap((each) => this.databasesOf(each)));
    const [one] = databases;
    return databases.size === 1 && this.where !== undefined ? one : undefined;
  }

  /** What there is none of passes: to say so is left to who looks for it. @throws AppError FORBIDDEN */
  check(touched: readonly Touched[]): void {
    if (!this.isLimited) return;
    const faults = touched.flatMap((each) => this.faultOf(each));
    if (faults.length > 0) throw this.refusal([...new Set(faults)].join('; '));
  }

  /** @throws AppError FORBIDDEN for a limited token */
  checkAll(): void {
    if (this.isLimited) throw this.refusal('this is about all of them');
  }

  private databasesOf({ kind, id }: Touched): readonly string[] {
    if (kind !== 'database') return this.where?.databasesOf(kind, id) ?? (this.where === undefined ? UNKNOWN : []);
    const named = id ?? this.where?.defaultDatabase();
    return named === undefined ? UNKNOWN : [named];
  }

  private faultOf(touched: Touched): readonly string[] {
    const beyond = this.databasesOf(touched).filter((database) => !this.has(database));
    if (beyond.length === 0) return [];
    const { kind, id } = touched;
    if (kind === 'database')
      return typeof id === 'string'
        ? [`the database asked for is ${quoted(beyond)}`]
        : [`no database is named, and ${quoted(beyond)} is meant then: name one of its own`];
    const short = id.slice(0, ID_CHARACTERS_MAX);
    return [
      kind === 'dependents'
        ? `backups of ${quoted(beyond)} build on backup ${short}`
        : `${kind} ${short} is of ${quoted(beyond)}`,
    ];
  }

  private refusal(fault: string): AppError {
    const { subject, databases = new Set<string>() } = this.viewer;
    const which =
      databases.size === 0
        ? 'no database: what it says of databases names none'
        : `the ${databases.size === 1 ? 'database' : 'databases'} ${quoted([...databases])}`;
    return new AppError('FORBIDDEN', `Insufficient permissions: token "${subject}" is limited to ${which}; ${fault}`);
  }
}

function quoted(databases: readonly string[]): string {
  const named = databases.slice(0, NAMED_MAX).map((database) => `"${database.slice(0, ID_CHARACTERS_MAX)}"`);
  const more = databases.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
