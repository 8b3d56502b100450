/** Pages of the catalog: filters and Relay cursors over records that are sorted newest first. Pure. */
import { AppError } from '../../../lib/error.js';
import { checkFirst, PAGE_MAX, type Page, pageAt, readCursor, writeCursor } from '../../../lib/page.js';
import { folded } from '../../../lib/text/folded.js';
import type { BackupRecord } from '../backup-record.js';

/** All that is given must hold; what is left out, null or an empty list does not limit. */
export interface BackupFilter {
  /** Any of these, in whichever of Unicode's forms. */
  readonly tags?: readonly string[] | null;
  readonly type?: string | null;
  readonly database?: string | null;
  /** Part of the name, in any case and any of Unicode's forms. */
  readonly nameContains?: string | null;
  /** Not the instant itself. */
  readonly createdAfter?: Date | null;
  /** Not the instant itself. */
  readonly createdBefore?: Date | null;
}

export interface PageRequest {
  readonly filter?: BackupFilter | null;
  /** 1 to 500. */
  readonly first: number;
  /** A cursor of an earlier page, from wherever the list stood then; its backup may be gone since. */
  readonly after?: string | null;
}

export interface BackupPage extends Page<BackupRecord> {
  /** One for each node. */
  readonly cursors: readonly string[];
}

/** A place in the list: the newest comes first, and of the same instant the highest id. */
type Place = Pick<BackupRecord, 'createdAt' | 'id'>;

/** Negative when `a` comes before `b`. The texts of instants sort as the instants do. */
export function comparePlaces(a: Place, b: Place): number {
  if (a.createdAt !== b.createdAt) return a.createdAt > b.createdAt ? -1 : 1;
  if (a.id === b.id) return 0;
  return a.id > b.id ? -1 : 1;
}

/** Index of the first record that does not come before `place`, in a list sorted by comparePlaces. */
export function indexOfPlace(sorted: readonly BackupRecord[], place: Place): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const record = sorted[middle];
    if (record !== undefined && comparePlaces(record, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Throws BAD_USER_INPUT for a `first` out of bounds, a cursor that is none, or a date that is none. */
export function pageOf(sorted: readonly BackupRecord[], { filter, first, after }: PageRequest): BackupPage {
  checkFirst(first, PAGE_MAX, `"first" must be a whole number from 1 to ${PAGE_MAX}, and is ${first}.`);
  const matches = matching(sorted, filter ?? {});
  const skipped = after === undefined || after === null ? 0 : indexAfter(matches, placeOf(after));
  const nodes = matches.slice(skipped, skipped + first);
  const cursors = nodes.map(cursorOf);
  const page = pageAt(nodes, { skipped, totalCount: matches.length, cursorAt: (index) => cursors[index] ?? '' });
  return { ...page, cursors };
}

/** All that pass, in the same order. Throws BAD_USER_INPUT for a date that is none. */
export function matching(sorted: readonly BackupRecord[], filter: BackupFilter): readonly BackupRecord[] {
  const tests: ((record: BackupRecord) => boolean)[] = [];
  const { tags, type, database, nameContains, createdAfter, createdBefore } = filter;
  if (tags && tags.length > 0) {
    const wanted = new Set(tags.map((tag) => tag.normalize()));
    tests.push((record) => record.tags.some((tag) => wanted.has(tag.normalize())));
  }
  // what a sealed one has as type is a placeholder
  if (type) tests.push((record) => record.type === type && record.sealed !== true);
  if (database) tests.push((record) => record.database === database);
  if (nameContains) {
    const part = folded(nameContains);
    tests.push((record) => folded(record.name).includes(part));
  }
  if (createdAfter) {
    const bound = millis(createdAfter, 'createdAfter');
    tests.push((record) => Date.parse(record.createdAt) > bound);
  }
  if (createdBefore) {
    const bound = millis(createdBefore, 'createdBefore');
    tests.push((record) => Date.parse(record.createdAt) < bound);
  }
  return tests.length === 0 ? sorted : sorted.filter((record) => tests.every((test) => test(record)));
}

function millis(date: Date, field: string): number {
  const ms = date.getTime();
  if (Number.isNaN(ms))
    throw new AppError('BAD_USER_INPUT', `"${field}" is no instant; write it like 2026-01-15T10:30:00.000Z.`);
  return ms;
}

function indexAfter(matches: readonly BackupRecord[], place: Place): number {
  const index = indexOfPlace(matches, place);
  const found = matches[index];
  return found !== undefined && comparePlaces(found, place) === 0 ? index + 1 : index;
}

function cursorOf({ createdAt, id }: Place): string {
  return writeCursor(`${createdAt} ${id}`);
}

function placeOf(cursor: string): Place {
  const [, createdAt, id] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (.+)$/s.exec(readCursor(cursor)) ?? [];
  // only what is written as the same text was a cursor
  if (createdAt === undefined || id === undefined || cursorOf({ createdAt, id }) !== cursor) {
    throw new AppError(
      'BAD_USER_INPUT',
      '"after" is not a cursor of this list. Take it from pageInfo.endCursor or edges.cursor, or leave it out.',
    );
  }
  return { createdAt, id };
}
