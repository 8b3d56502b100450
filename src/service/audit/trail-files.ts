/**
 * The files of an audit trail: `audit.jsonl`, which grows, `audit-<seq of its first line>.jsonl`, which are full, and
 * `audit.head`, which says where the trail ends, so that a trail that was cut off there is found out.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError } from '../../lib/disk-error.js';
import { errnoOf } from '../../lib/error.js';
import { linesBackward, linesForward } from '../../state/line-reader.js';
import { type ChainLink, LINE_BYTES_MAX, type ReadLine, readHead, readLine } from './audit-line.js';

export const AUDIT_FILE = 'audit.jsonl';
export const AUDIT_HEAD = 'audit.head';
const FULL_FILE = /^audit-(\d{1,15})\.jsonl$/;
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface AuditFile {
  readonly name: string;
  /** Seq of its first line; undefined for the one that grows. */
  readonly firstSeq?: number;
}

/** "MISSING" and "DAMAGED" are never right beside a trail: the head is there before the first line is. */
export type Head = ChainLink | 'MISSING' | 'DAMAGED';

export function fullFileName(firstSeq: number): string {
  return `audit-${firstSeq}.jsonl`;
}

/** In the order of their lines. @throws AppError STORE_UNAVAILABLE */
export async function auditFiles(folder: string): Promise<readonly AuditFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw diskError('Listing the audit trail', error);
  });
  const full = names.flatMap((name) => {
    const firstSeq = FULL_FILE.exec(name)?.[1];
    return firstSeq === undefined ? [] : [{ name, firstSeq: Number(firstSeq) }];
  });
  full.sort((a, b) => a.firstSeq - b.firstSeq);
  return names.includes(AUDIT_FILE) ? [...full, { name: AUDIT_FILE }] : full;
}

/** @throws AppError STORE_UNAVAILABLE */
export async function auditHead(folder: string): Promise<Head> {
  try {
    return readHead(await readFile(join(folder, AUDIT_HEAD), 'utf8')) ?? 'DAMAGED';
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'MISSING';
    throw diskError(`Reading ${AUDIT_HEAD}`, error);
  }
}

/** The lines of one file as they stand there, first to last or last to first. @throws AppError STORE_UNAVAILABLE */
export async function* linesOf(
  path: string,
  order: 'FORWARD' | 'BACKWARD' = 'FORWARD',
): AsyncGenerator<string, void, undefined> {
  const handle = await openIfThere(path);
  if (handle === undefined) return;
  try {
    const options = { end: (await handle.stat()).size, lineBytesMax: LINE_BYTES_MAX };
    yield* order === 'FORWARD' ? linesForward(handle, options) : linesBackward(handle, options);
  } catch (error) {
    throw diskError('Reading the audit trail', error);
  } finally {
    await handle.close();
  }
}

/** The lines of these files, the newest first, as far as they are lines of a trail. */
export async function* newestFirst(
  folder: string,
  files: readonly AuditFile[],
): AsyncGenerator<ReadLine, void, undefined> {
  for (const { name } of files.toReversed()) {
    for await (const text of linesOf(join(folder, name), 'BACKWARD')) {
      const line = readLine(text);
      if (line !== undefined) yield line;
    }
  }
}

/** Undefined where it is missing: a file that has just become full has another name. */
async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, READ_FLAGS);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw diskError('Opening the audit trail', error);
  }
}
