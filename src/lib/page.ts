/**
 * Pages of lists, as Relay has them: how many items a page may have, cursors that nobody else need understand, and
 * whether there is more before and after. What a cursor stands for, and the words of a refusal, are each list's own.
 */
import { AppError } from './error.js';

/** Items of a page, where a list does not say otherwise. */
export const PAGE_MAX = 500;

export interface Page<T> {
  readonly nodes: readonly T[];
  readonly startCursor?: string;
  readonly endCursor?: string;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** Of the whole list. */
  readonly totalCount: number;
}

/** Where a page stands in its list. */
export interface PagePlace {
  /** Items of the list before the page. */
  readonly skipped: number;
  readonly totalCount: number;
  /** @param index of the page's nodes, from 0 */
  readonly cursorAt: (index: number) => string;
}

/** @throws AppError BAD_USER_INPUT that says `refusal`, for a page of fewer than one or more than `max` items */
export function checkFirst(first: number, max = PAGE_MAX, refusal = `first takes 1 to ${max}`): void {
  if (!Number.isInteger(first) || first < 1 || first > max) throw new AppError('BAD_USER_INPUT', refusal);
}

export function writeCursor(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** The text of a cursor. Characters that no cursor has are passed over: check what comes out. */
export function readCursor(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString();
}

export function pageAt<T>(nodes: readonly T[], { skipped, totalCount, cursorAt }: PagePlace): Page<T> {
  return {
    nodes,
    ...(nodes.length === 0 ? {} : { startCursor: cursorAt(0), endCursor: cursorAt(nodes.length - 1) }),
    hasNextPage: skipped + nodes.length < totalCount,
    hasPreviousPage: skipped > 0,
    totalCount,
  };
}

/** A page of a list in memory whose items have ids. @throws AppError BAD_USER_INPUT for a page that cannot be */
export function pageById<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  first: number,
  after: string | undefined,
): Page<T> {
  checkFirst(first);
  const cursorOf = (item: T | undefined): string => (item === undefined ? '' : writeCursor(`id:${idOf(item)}`));
  const before = after === undefined ? -1 : items.findIndex((item) => cursorOf(item) === after);
  if (after !== undefined && before === -1)
    throw new AppError('BAD_USER_INPUT', 'after takes the end cursor of an earlier page of the same list');
  const skipped = before + 1;
  const nodes = items.slice(skipped, skipped + first);
  return pageAt(nodes, { skipped, totalCount: items.length, cursorAt: (index) => cursorOf(nodes[index]) });
}

/** So many items from an offset on, without cursors; without a limit all that follow. */
export function sliceOf<T>(items: readonly T[], offset: number, limit: number | undefined): readonly T[] {
  return items.slice(offset, limit === undefined ? undefined : offset + limit);
}
