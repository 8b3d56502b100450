/** Relay pages of a list in memory whose items have ids. */
import { AppError } from '../lib/error.js';
import { PAGE_MAX } from './backup/catalog-page.js';

export interface Page<T> {
  readonly nodes: readonly T[];
  readonly startCursor?: string;
  readonly endCursor?: string;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly totalCount: number;
}

/** @throws AppError BAD_USER_INPUT for a page that cannot be */
export function pageById<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  first: number,
  after: string | undefined,
): Page<T> {
  if (!Number.isInteger(first) || first < 1 || first > PAGE_MAX)
    throw new AppError('BAD_USER_INPUT', `first takes 1 to ${PAGE_MAX}`);
  const cursorOf = (item: T): string => Buffer.from(`id:${idOf(item)}`).toString('base64url');
  const before = after === undefined ? -1 : items.findIndex((item) => cursorOf(item) === after);
  if (after !== undefined && before === -1)
    throw new AppError('BAD_USER_INPUT', 'after takes the endCursor of an earlier page of the same list');
  const nodes = items.slice(before + 1, before + 1 + first);
  const [start, end] = [nodes[0], nodes.at(-1)];
  return {
    nodes,
    ...(start === undefined || end === undefined ? {} : { startCursor: cursorOf(start), endCursor: cursorOf(end) }),
    hasNextPage: before + 1 + nodes.length < items.length,
    hasPreviousPage: before >= 0,
    totalCount: items.length,
  };
}
