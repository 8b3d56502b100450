/** Pages of changes, of what a restore changed or of what a comparison finds, filtered by kinds and table. */
import type { ChangeKind, RowChange } from '../../engine/plan/plan-changes.js';
import { AppError } from '../../lib/error.js';
import { checkFirst, type Page, pageAt, readCursor, writeCursor } from '../../lib/page.js';
import { nearestNames } from '../../lib/text/nearest.js';

export type { ChangeKind, ColumnChange, RowChange } from '../../engine/plan/plan-changes.js';

/** Table -> kind -> number of changes. */
export type ChangeCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface ChangePageRequest {
  /** 1 to 1,000. */
  readonly first: number;
  readonly after?: string | undefined;
  /** So many of the wanted changes are left out first. */
  readonly offset?: number | undefined;
  readonly kind?: ChangeKind | undefined;
  /** Any of them; beside `kind`, both count. */
  readonly kinds?: readonly ChangeKind[] | undefined;
  readonly table?: string | undefined;
}

/** Whether changes of a kind are asked for. */
export function isWanted(of: string, { kind, kinds }: Pick<ChangePageRequest, 'kind' | 'kinds'>): boolean {
  return (kind === undefined || of === kind) && (kinds === undefined || kinds.some((one) => one === of));
}

export type ChangePage = Page<RowChange>;

const CHANGES_PAGE_MAX = 1_000;
const TABLE_CHARACTERS_MAX = 100;
const CURSOR = /^change:(\d{1,9})$/;

/**
 * One page.
 * @param matching changes of the kinds and the table asked for, each made only when it is on the page; they are not
 * looked at where the counts say that the page is empty
 * @throws AppError BAD_USER_INPUT for a page that cannot be
 */
export async function pageChanges(
  matching: AsyncIterable<() => RowChange>,
  counts: ChangeCounts,
  request: ChangePageRequest,
): Promise<ChangePage> {
  const { first, table } = request;
  if (table !== undefined) checkTable(table, counts);
  const skipped = positionAfter(request) + (request.offset ?? 0);
  const totalCount = total(counts, request);
  const nodes: RowChange[] = [];
  if (totalCount > skipped) {
    let position = 0;
    for await (const change of matching) {
      if (position++ < skipped) continue;
      nodes.push(change());
      if (nodes.length === first) break;
    }
  }
  const cursorAt = (index: number): string => writeCursor(`change:${skipped + index + 1}`);
  return pageAt(nodes, { skipped, totalCount, cursorAt });
}

/**
 * Where each table of the database has its counts, a name that has none is no table: "nothing" would be taken for an
 * answer. Restores that failed have no such counts, or only of some tables.
 */
function checkTable(table: string, counts: ChangeCounts): void {
  const all = Object.values(counts);
  const isWhole = all.length > 0 && all.every((kinds) => 'INSERT' in kinds);
  if (!isWhole || Object.hasOwn(counts, table)) return;
  const [near] = nearestNames(table.slice(0, TABLE_CHARACTERS_MAX), Object.keys(counts), 1);
  const meant = near === undefined ? 'take a name such as Logical_Switch' : `did you mean "${near}"?`;
  throw new AppError(
    'BAD_USER_INPUT',
    `table: the database has no table "${table.slice(0, TABLE_CHARACTERS_MAX)}"; ${meant}`,
  );
}

function positionAfter({ first, after }: ChangePageRequest): number {
  checkFirst(first, CHANGES_PAGE_MAX, `first takes 1 to ${CHANGES_PAGE_MAX}`);
  if (after === undefined) return 0;
  const match = CURSOR.exec(readCursor(after));
  if (match === null) throw new AppError('BAD_USER_INPUT', 'after takes the end cursor of an earlier page of changes');
  return Number(match[1]);
}

function total(counts: ChangeCounts, request: ChangePageRequest): number {
  const { table } = request;
  let sum = 0;
  for (const [name, kinds] of Object.entries(counts)) {
    if (table !== undefined && name !== table) continue;
    for (const [of, number] of Object.entries(kinds)) if (isWanted(of, request)) sum += number;
  }
  return sum;
}
