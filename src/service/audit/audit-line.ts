/**
 * One line of the audit trail: who did what, when, from where, how it ended; chained to the line before it.
 *
 * A line is JSON in ASCII: {"seq":2,"at":"...","prev":"sha256:...", <the call>, "hash":"sha256:..."}. `hash` is the
 * SHA-256 of the line as it stands in the file up to `,"hash"`, with a closing brace after it; `prev` is the hash of
 * the line before. So any change of a line, and any line that is taken out, put in or moved, shows. Pure.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type AuditedReading, CALL_VIAS, type CallTarget, type CallVia } from '../command/call.js';

export interface AuditEvent {
  /** Who; undefined where nobody is known. */
  readonly subject?: string | undefined;
  /** A mutation's name; of what is refused otherwise the route, the field or "connect". */
  readonly action: string;
  readonly target?: CallTarget | undefined;
  /** Where the call came from. */
  readonly address?: string | undefined;
  readonly via: CallVia;
  /** OK, ACCEPTED or the code of an error. */
  readonly result: string;
  readonly requestId?: string | undefined;
  /** The line stands for so many calls. */
  readonly repeated?: number | undefined;
  /** So many lines could not be written before this one. */
  readonly lines?: number | undefined;
  /** What the server has to say to a line of its own. */
  readonly note?: string | undefined;
}

/** What the server has to say to a line, with how many lines it speaks of. */
export function noteOf({ lines, note }: Pick<AuditEvent, 'lines' | 'note'>): string | undefined {
  return lines === undefined ? note : `${lines} ${note ?? 'lines'}`;
}

/** What those who do something need of the trail. */
export interface AuditLines {
  /** Whether calls that only read this are to have lines. */
  keepsReading(reading: AuditedReading): boolean;
  /** Resolves when the line is durable, or could not be written. */
  record(event: AuditEvent): Promise<void>;
  /** @throws AppError STORE_FULL, STORE_UNAVAILABLE while lines cannot be written */
  admit(): Promise<void>;
}

/** Where a chain stands: its last line. */
export interface ChainLink {
  readonly seq: number;
  readonly hash: string;
}

export interface AuditEntry extends AuditEvent, ChainLink {
  /** RFC 3339. */
  readonly at: string;
  readonly prev: string;
}

/** What comes before the first line. */
export const CHAIN_START: ChainLink = { seq: 0, hash: `sha256:${'0'.repeat(64)}` };
/** No line is longer; a reader need not look at more. */
export const LINE_BYTES_MAX = 16 * 1024;

const SUBJECT_MAX = 256;
const NAME_MAX = 200;
const WORD_MAX = 128;
const NOTE_MAX = 500;
const HASH = /^sha256:[0-9a-f]{64}$/;
const LINE = /^(\{"seq":\d+,.*),"hash":"(sha256:[0-9a-f]{64})"\}$/s;

const text = z.string().optional();
const entry = z.object({
  seq: z.int().positive(),
  at: z.iso.datetime(),
  prev: z.string().regex(HASH),
  subject: text,
  action: z.string(),
  target: z
    .object({
      backupId: text,
      restoreId: text,
      jobId: text,
      undoOf: text,
      name: text,
      database: text,
      dryRun: z.boolean().optional(),
    })
    .readonly()
    .optional(),
  address: text,
  via: z.enum(CALL_VIAS),
  result: z.string(),
  requestId: text,
  repeated: z.int().positive().optional(),
  lines: z.int().positive().optional(),
  note: text,
});

export interface WrittenLine extends ChainLink {
  /** Without its line feed. */
  readonly text: string;
}

/** The line that follows `last`. @param at RFC 3339 */
export function nextLine(last: ChainLink, at: string, event: AuditEvent): WrittenLine {
  const { subject, action, target, address, via, result, requestId, repeated, lines, note } = event;
  const seq = last.seq + 1;
  const body = ascii(
    JSON.stringify({
      seq,
      at,
      prev: last.hash,
      subject: cut(subject, SUBJECT_MAX),
      action: cut(action, WORD_MAX),
      target: cutTarget(target),
      address: cut(address, WORD_MAX),
      via,
      result: cut(result, WORD_MAX),
      requestId: cut(requestId, WORD_MAX),
      repeated,
      lines,
      note: cut(note, NOTE_MAX),
    }),
  );
  const hash = hashOf(body);
  return { seq, hash, text: `${body.slice(0, -1)},"hash":"${hash}"}` };
}

/** A line read again. */
export interface ReadLine {
  readonly entry: AuditEntry;
  /** The line is as it was written, by its own hash. */
  readonly isIntact: boolean;
}

/** Undefined for what is no line of a trail. */
export function readLine(line: string): ReadLine | undefined {
  const [, start, hash] = LINE.exec(line) ?? [];
  if (start === undefined || hash === undefined) return undefined;
  const body = `${start}}`;
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined; // that it is no line is the answer
  }
  const parsed = entry.safeParse(json);
  return parsed.success ? { entry: { ...parsed.data, hash }, isIntact: hashOf(body) === hash } : undefined;
}

/** The text of the file that says where the trail ends. */
export function headText({ seq, hash }: ChainLink): string {
  return `${JSON.stringify({ seq, hash })}\n`;
}

/** Undefined for what is no head. */
export function readHead(text: string): ChainLink | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined; // likewise
  }
  const parsed = z.strictObject({ seq: z.int().nonnegative(), hash: z.string().regex(HASH) }).safeParse(json);
  return parsed.success ? parsed.data : undefined;
}

function hashOf(body: string): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}

function cutTarget(target: CallTarget | undefined): CallTarget | undefined {
  if (target === undefined) return undefined;
  const { backupId, restoreId, jobId, undoOf, name, database, dryRun } = target;
  const short = {
    backupId: cut(backupId, WORD_MAX),
    restoreId: cut(restoreId, WORD_MAX),
    jobId: cut(jobId, WORD_MAX),
    undoOf: cut(undoOf, WORD_MAX),
    name: cut(name, NAME_MAX),
    database: cut(database, WORD_MAX),
    ...(dryRun === true ? { dryRun } : {}),
  };
  return Object.values(short).every((member) => member === undefined) ? undefined : short;
}

function cut(value: string | undefined, charactersMax: number): string | undefined {
  return value === undefined || value.length <= charactersMax ? value : `${value.slice(0, charactersMax)}...`;
}

/** Whatever a terminal could take for an order, or a reader for something else than it is, is escaped. */
function ascii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
