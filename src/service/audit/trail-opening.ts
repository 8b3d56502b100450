/**
 * Where a trail goes on when the server starts. A line that was torn by a crash is set aside: it was never
 * acknowledged.
 *
 * When the trail does not end as its head says, the next line is chained to the head and not to what is there: a
 * restart must not make whole what somebody broke. The check tells of it for ever.
 */

import { join } from 'node:path';
import { defined } from '../../lib/defined.js';
import { AppendFile } from '../../state/append-file.js';
import { type AuditEntry, CHAIN_START, type ChainLink, readLine } from './audit-line.js';
import {
  AUDIT_FILE,
  AUDIT_HEAD,
  type AuditFile,
  auditFiles,
  auditHead,
  type Head,
  linesOf,
  newestFirst,
} from './trail-files.js';

export interface Opening {
  /** What the next line follows. */
  readonly last: ChainLink;
  /** There is no trail yet. */
  readonly isNew: boolean;
  /** The file that grows, where there is one, and the seq of its first line. */
  readonly file?: AppendFile;
  readonly firstSeq?: number;
  /** Bytes of a torn line that were taken off. */
  readonly tornBytes: number;
  /** What does not fit, in a sentence. */
  readonly broken?: string;
}

/** The head is written after every batch of lines, and no batch is longer. */
export const BATCH_LINES_MAX = 1_000;
/** No line has this hash: what is chained to it never fits. */
const BROKEN_HASH = `sha256:${'f'.repeat(64)}`;

/** @throws AppError STORE_UNAVAILABLE, STORE_FULL */
export async function openTrail(folder: string): Promise<Opening> {
  const [head, files] = [await auditHead(folder), await auditFiles(folder)];
  if (head === 'MISSING' && files.length === 0) return { last: CHAIN_START, isNew: true, tornBytes: 0 };
  const path = join(folder, AUDIT_FILE);
  const file = files.at(-1)?.name === AUDIT_FILE ? await AppendFile.open(path) : undefined;
  const torn = (await file?.dropTornLine()) ?? 0;
  const end = await endOf(folder, files, head);
  // one whose first line cannot be read is named by the last one, should it become full: there is no other of that name
  const firstSeq = file === undefined || file.size === 0 ? undefined : ((await firstSeqOf(path)) ?? end.last.seq);
  return {
    ...end,
    isNew: false,
    tornBytes: torn,
    ...defined({ file }),
    ...defined({ firstSeq }),
  };
}

/** Looks back from the last line to the one that the head names. */
async function endOf(
  folder: string,
  files: readonly AuditFile[],
  head: Head,
): Promise<Pick<Opening, 'last' | 'broken'>> {
  let newest: AuditEntry | undefined;
  let seen = 0;
  for await (const { entry } of newestFirst(folder, files)) {
    newest ??= entry;
    if (typeof head === 'string') break;
    if (entry.seq === head.seq && entry.hash === head.hash) return { last: newest };
    if (entry.seq <= head.seq || ++seen > 2 * BATCH_LINES_MAX) break;
  }
  const there = newest ?? CHAIN_START;
  if (typeof head === 'string')
    return {
      last: { seq: there.seq, hash: BROKEN_HASH },
      broken: `${AUDIT_HEAD} is ${head === 'MISSING' ? 'missing' : 'damaged'}: lines may have been cut off`,
    };
  // a crash before the first head after the first lines
  if (head.seq === CHAIN_START.seq && head.hash === CHAIN_START.hash && there.seq <= 2 * BATCH_LINES_MAX)
    return { last: there };
  const last = there.seq > head.seq ? { seq: there.seq, hash: BROKEN_HASH } : head;
  return {
    last,
    broken:
      `the trail ends with line ${there.seq}, which is not as ${AUDIT_HEAD} has line ${head.seq}: ` +
      'lines were edited or cut off',
  };
}

async function firstSeqOf(path: string): Promise<number | undefined> {
  for await (const text of linesOf(path)) return readLine(text)?.entry.seq;
  return undefined;
}
