/** Who calls and what a call is about: what commands are told, and what the audit trail keeps of every call. */

export const CALL_VIAS = ['GRAPHQL', 'REST', 'SOCKET', 'SERVER'] as const;
/** How a call came in; SERVER is what the server did by itself. */
export type CallVia = (typeof CALL_VIAS)[number];

/** An answer with one of these is a refusal, whatever was asked for. */
export const REFUSALS: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED']);

/** Reading of content that may have a line in the trail: a file that is taken away, or rows that are looked at. */
export type AuditedReading = 'EXPORT' | 'ROWS';

const withLine = new WeakSet<object>();

/** The call that ended with this error has a line in the trail. */
export function noteLine(error: unknown): void {
  if (error instanceof Error) withLine.add(error);
}

/** Whether the call that ended with this error has a line already. */
export function hasLine(error: unknown): boolean {
  return error instanceof Error && withLine.has(error);
}

const withRecord = new WeakSet<object>();

/** The work that ended with this error has a record that tells it. */
export function noteRecord(error: unknown): void {
  if (error instanceof Error) withRecord.add(error);
}

/** Whether the work that ended with this error had begun, and has a record that tells it. */
export function hasRecord(error: unknown): boolean {
  return error instanceof Error && withRecord.has(error);
}

/** Who asks, and how the call came in. */
export interface Caller {
  readonly subject: string;
  /** Where the call came from. */
  readonly address?: string | undefined;
  readonly via: CallVia;
  readonly requestId?: string | undefined;
}

/** What a call is about, as far as it is known. */
export interface CallTarget {
  readonly backupId?: string | undefined;
  readonly restoreId?: string | undefined;
  readonly jobId?: string | undefined;
  /** The restore that is undone by this one. */
  readonly undoOf?: string | undefined;
  /** Of the backup. */
  readonly name?: string | undefined;
  readonly database?: string | undefined;
  /** Nothing was to be changed. */
  readonly dryRun?: boolean | undefined;
}
