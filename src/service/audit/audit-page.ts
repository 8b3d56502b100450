/**
 * Pages of the audit trail, newest line first, read from the end of the files: no more than a block of them is in
 * memory.
 */
import { AppError } from '../../lib/error.js';
import { checkFirst } from '../../lib/page.js';
import type { AuditEntry } from './audit-line.js';
import { type AuditFile, auditFiles, newestFirst } from './trail-files.js';

export interface AuditFilter {
  readonly subject?: string | undefined;
  /** In any case. */
  readonly action?: string | undefined;
  readonly result?: string | undefined;
  /** Milliseconds since 1970; both are included. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Of whoever may not see all lines. */
  readonly isSeen?: ((entry: AuditEntry) => boolean) | undefined;
}

export interface AuditPageRequest extends AuditFilter {
  readonly first: number;
  /** The cursor of a line: those before it are wanted. */
  readonly after?: string | undefined;
  /** So many of the wanted lines are left out first. */
  readonly offset?: number;
}

export interface AuditPage {
  readonly nodes: readonly AuditEntry[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

const CURSOR = /^[1-9]\d{0,14}$/;
const ATTEMPTS_MAX = 5;

export function cursorOf({ seq }: AuditEntry): string {
  return String(seq);
}

/** @throws AppError BAD_USER_INPUT for a page that cannot be; STORE_UNAVAILABLE */
export async function pageOf(
  folder: string,
  { first, after, offset = 0, ...filter }: AuditPageRequest,
): Promise<AuditPage> {
  checkFirst(first);
  if (after !== undefined && !CURSOR.test(after))
    throw new AppError('BAD_USER_INPUT', 'after takes the end cursor of an earlier page');
  const before = after === undefined ? Infinity : Number(after);
  return ofUnmovedFiles(folder, async (files) => {
    const nodes: AuditEntry[] = [];
    const hasPreviousPage = after !== undefined || offset > 0;
    let left = offset;
    // a full file whose first line is not wanted has none that is
    const wanted = files.filter(({ firstSeq }) => firstSeq === undefined || firstSeq < before);
    for await (const { entry } of newestFirst(folder, wanted)) {
      if (entry.seq >= before || !fits(entry, filter) || left-- > 0) continue;
      if (nodes.length === first) return { nodes, hasNextPage: true, hasPreviousPage };
      nodes.push(entry);
    }
    return { nodes, hasNextPage: false, hasPreviousPage };
  });
}

/** @throws AppError STORE_UNAVAILABLE */
export async function countOf(folder: string, filter: AuditFilter): Promise<number> {
  return ofUnmovedFiles(folder, async (files) => {
    let count = 0;
    for await (const { entry } of newestFirst(folder, files)) if (fits(entry, filter)) count++;
    return count;
  });
}

function fits(entry: AuditEntry, { subject, action, result, sinceMs, untilMs, isSeen }: AuditFilter): boolean {
  if (isSeen?.(entry) === false) return false;
  if (subject !== undefined && entry.subject !== subject) return false;
  if (action !== undefined && entry.action.toLowerCase() !== action.toLowerCase()) return false;
  if (result !== undefined && entry.result !== result) return false;
  if (sinceMs === undefined && untilMs === undefined) return true;
  const at = Date.parse(entry.at);
  return at >= (sinceMs ?? -Infinity) && at <= (untilMs ?? Infinity);
}

/** Reads again when a file has become full, and got another name, while it was read. */
async function ofUnmovedFiles<T>(folder: string, read: (files: readonly AuditFile[]) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const files = await auditFiles(folder);
    const result = await read(files);
    const after = await auditFiles(folder);
    if (attempt === ATTEMPTS_MAX || after.length === files.length) return result;
  }
}
