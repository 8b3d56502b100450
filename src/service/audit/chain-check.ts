/**
 * Checks an audit trail from its first line to its last: that each line is as it was written and follows the one before
 * it, and that the trail ends where its head says, or later.
 *
 * It finds what was edited, taken out, put in, moved or cut off. Whoever may write in the folder and makes the whole
 * rest of the chain anew, head included, is found out only by a hash that was noted elsewhere: the log and `auditCheck`
 * tell them.
 */

import { join } from 'node:path';
import { defined } from '../../lib/defined.js';
import { CHAIN_START, type ChainLink, type ReadLine, readLine } from './audit-line.js';
import { AUDIT_HEAD, type AuditFile, auditFiles, auditHead, type Head, linesOf } from './trail-files.js';

export interface AuditFault {
  /** Of the line that is wrong, or that is missing, where it is known. */
  readonly seq?: number;
  readonly file: string;
  /** In the file, from 1. */
  readonly line?: number;
  readonly message: string;
}

export interface AuditCheck {
  readonly intact: boolean;
  /** Lines that were read. */
  readonly lines: number;
  readonly firstSeq?: number;
  readonly lastSeq?: number;
  readonly lastHash?: string;
  /** The first FAULTS_MAX. */
  readonly faults: readonly AuditFault[];
  readonly faultCount: number;
}

export const FAULTS_MAX = 100;
const ATTEMPTS_MAX = 5;

export interface CheckOptions {
  /** Where the trail must end at least, when that is known better than by the head in the folder. */
  readonly end?: ChainLink;
  /** A hash that was noted elsewhere: one of the lines must have it. */
  readonly noted?: string | undefined;
}

/** @throws AppError STORE_UNAVAILABLE */
export async function checkTrail(folder: string, { end, noted }: CheckOptions = {}): Promise<AuditCheck> {
  for (let attempt = 1; ; attempt++) {
    // the head first: what a running server adds meanwhile only makes the trail longer than it says
    const head = await auditHead(folder);
    const files = await auditFiles(folder);
    const check = await new TrailCheck(folder, { files, heads: end === undefined ? [head] : [head, end], noted }).run();
    const after = await auditFiles(folder);
    // a file that became full while it was read is looked at again under its new name
    if (attempt === ATTEMPTS_MAX || after.map(({ name }) => name).join() === files.map(({ name }) => name).join())
      return check;
  }
}

interface ToCheck {
  readonly files: readonly AuditFile[];
  readonly heads: readonly Head[];
  readonly noted: string | undefined;
}

class TrailCheck {
  private readonly faults: AuditFault[] = [];
  private faultCount = 0;
  private lines = 0;
  private isNotedFound = false;
  private firstSeq: number | undefined;
  /** Undefined hash: the line could not be read, so that what follows cannot be compared with it. */
  private last: { readonly seq: number; readonly hash: string | undefined } = CHAIN_START;
  /** Lines that must be there. */
  private readonly expected: readonly ChainLink[];

  constructor(
    private readonly folder: string,
    private readonly given: ToCheck,
  ) {
    this.expected = given.heads.filter((head) => typeof head !== 'string');
  }

  async run(): Promise<AuditCheck> {
    this.compareHead(CHAIN_START, AUDIT_HEAD);
    for (const { name } of this.given.files) {
      let number = 0;
      for await (const text of linesOf(join(this.folder, name))) this.take(text, name, ++number);
    }
    this.compareEnd();
    const { lines, firstSeq, last, faults, faultCount } = this;
    return {
      intact: faultCount === 0,
      lines,
      faults,
      faultCount,
      ...(firstSeq === undefined ? {} : defined({ firstSeq, lastSeq: last.seq, lastHash: last.hash })),
    };
  }

  private take(text: string, file: string, line: number): void {
    this.lines++;
    const found = readLine(text);
    if (found === undefined) {
      this.tell({
        seq: this.last.seq + 1,
        file,
        line,
        message: 'this is no line of an audit trail: it was edited or damaged',
      });
      this.last = { seq: this.last.seq + 1, hash: undefined };
      return;
    }
    const message = this.faultOf(found);
    if (message !== undefined) this.tell({ seq: found.entry.seq, file, line, message });
    this.firstSeq ??= found.entry.seq;
    this.isNotedFound ||= found.isIntact && found.entry.hash === this.given.noted;
    this.last = found.entry;
    this.compareHead(found.entry, file, line);
  }

  private faultOf({ entry: { seq, prev }, isIntact }: ReadLine): string | undefined {
    if (!isIntact) return 'the line was edited: it does not fit its hash';
    const { last } = this;
    const next = last.seq + 1;
    if (seq > next)
      return seq === next + 1
        ? `line ${next} is missing before it`
        : `lines ${next} to ${seq - 1} are missing before it`;
    if (seq < next) return `the line is out of place: it follows line ${last.seq}`;
    if (last.hash === undefined || prev === last.hash) return undefined;
    return last.seq === 0
      ? 'the trail does not begin with this line'
      : `it does not follow line ${last.seq} as that is now: one of them was edited, or put in the place of another`;
  }

  private compareHead({ seq, hash }: ChainLink, file: string, line?: number): void {
    if (this.expected.every((link) => link.seq !== seq || link.hash === hash)) return;
    this.tell({
      seq,
      file,
      ...defined({ line }),
      message:
        `${AUDIT_HEAD} holds another hash of line ${seq}: ` + 'the line, or the head, was put in the place of another',
    });
  }

  private compareEnd(): void {
    if (this.given.noted !== undefined && !this.isNotedFound)
      this.tell({
        file: AUDIT_HEAD,
        message: `no line has the hash ${this.given.noted}: the trail was made anew, or that line was cut off`,
      });
    for (const head of this.given.heads) {
      if (head === 'MISSING')
        this.tell({ file: AUDIT_HEAD, message: 'the file is missing: lines may have been cut off at the end' });
      else if (head === 'DAMAGED')
        this.tell({ file: AUDIT_HEAD, message: 'the file cannot be read: lines may have been cut off at the end' });
    }
    const end = Math.max(0, ...this.expected.map(({ seq }) => seq));
    if (end <= this.last.seq) return;
    const from = this.last.seq + 1;
    this.tell({
      seq: from,
      file: this.given.files.at(-1)?.name ?? AUDIT_HEAD,
      message: from === end ? `line ${end} is missing at the end` : `lines ${from} to ${end} are missing at the end`,
    });
  }

  private tell(fault: AuditFault): void {
    this.faultCount++;
    if (this.faults.length < FAULTS_MAX) this.faults.push(fault);
  }
}
