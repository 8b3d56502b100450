/**
 * The one catalogue of error codes, and the one error class that carries them.
 *
 * A floor throws an AppError where it knows the code, or a typed error of its own with a
 * `cause`; only api/http/error-answer.ts turns errors into answers. A message says what is wrong, where,
 * and what to do, and never holds a key, a passphrase or a token.
 */

/** Code -> HTTP status; docs/errors.md says when each is answered. */
export const ERROR_STATUS = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  SCHEMA_MISMATCH: 409,
  PLAN_STALE: 409,
  DATABASE_REFUSED: 409,
  CANCELLED: 409,
  TOO_LARGE: 413,
  DECRYPTION_FAILED: 422,
  INTEGRITY_FAILED: 422,
  UNDO_IMPOSSIBLE: 422,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  DATABASE_UNAVAILABLE: 503,
  IDENTITY_UNAVAILABLE: 503,
  STORE_UNAVAILABLE: 503,
  SHUTTING_DOWN: 503,
  STORE_FULL: 507,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/**
 * Codes of a mistake of whoever asked, or of what the present state does not allow: nothing is broken. The work was
 * refused, and did not fail.
 */
export const REFUSED_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'CONFLICT',
  'SCHEMA_MISMATCH',
  'TOO_LARGE',
  'DECRYPTION_FAILED',
  'RATE_LIMITED',
]);

/** Where an error stands, when it is about one row or one column. */
export interface ErrorPlace {
  readonly table?: string;
  readonly label?: string;
}

/** Why, in one word that stays the same: the reasons of a code are told in docs/errors.md. */
export const ERROR_REASONS = {
  CONFLICT: [
    'AWAITS_CONFIRMATION',
    'ALREADY_CONFIRMED',
    'NOTHING_TO_CONFIRM',
    'ALREADY_UNDONE',
    'BEING_UNDONE',
    'NOTHING_CHANGED',
    'STILL_RUNNING',
    'ROWS_CHANGED',
    'ROWS_DIFFER',
    'OTHER_DATABASE',
    'ALREADY_ENDED',
    'BEING_CANCELLED',
    'TOO_LATE_TO_CANCEL',
    'BUILT_UPON',
    'PINNED',
    'PARENT_DELETED',
    'ALREADY_HERE',
    'BEING_IMPORTED',
  ],
  DECRYPTION_FAILED: ['KEY_MISSING', 'KEY_WRONG'],
} as const;

export type ErrorReason = (typeof ERROR_REASONS)[keyof typeof ERROR_REASONS][number];

/** What a program needs to go on, beside the code. Ids and times only. */
export interface ErrorDetails {
  readonly reason: ErrorReason;
  /** The restore that stands in the way: the one that awaits its confirmation, or the undo. */
  readonly restoreId?: string | undefined;
  /** The backups that stand in the way. */
  readonly backupIds?: readonly string[] | undefined;
  /** Until when that restore can be confirmed. */
  readonly confirmBefore?: string | undefined;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly place: ErrorPlace;
  /** All that is wrong, each in a sentence, with its place. Empty where that is one thing, and the message says it. */
  readonly problems: readonly Problem[];
  /** How long to wait before the same may work, where that is known. */
  readonly retryAfterSeconds?: number;
  /** The HTTP status, where it is another one than that of the code. */
  readonly status?: number;
  /** For programs, where the code alone does not say what to do next. */
  readonly details?: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.place = options.place ?? {};
    this.problems = options.problems ?? [];
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
    if (options.status !== undefined) this.status = options.status;
    const details = options.details ?? detailsOf(code, options.cause);
    if (details !== undefined) this.details = details;
  }
}

/** What another error with the same code knows, which this one tells in other words. */
function detailsOf(code: ErrorCode, cause: unknown): ErrorDetails | undefined {
  return cause instanceof AppError && cause.code === code ? cause.details : undefined;
}

export interface AppErrorOptions {
  readonly cause?: unknown;
  readonly place?: ErrorPlace;
  readonly problems?: readonly Problem[];
  readonly retryAfterSeconds?: number;
  readonly status?: number;
  readonly details?: ErrorDetails | undefined;
}

export interface Problem extends ErrorPlace {
  readonly code: ErrorCode;
  readonly message: string;
}

const MISTAKES_TOLD_MAX = 100;

/** Mistakes in what was sent, one or more: all of them in one message, and one by one. */
export function mistakesError(mistakes: readonly string[], introduction = ''): AppError {
  const told = mistakes.slice(0, MISTAKES_TOLD_MAX);
  const others = mistakes.length - told.length;
  if (others > 0) told.push(`and ${others} more`);
  return new AppError('BAD_USER_INPUT', `${introduction}${told.join('; ')}`, {
    problems: told.map((message): Problem => ({ code: 'BAD_USER_INPUT', message })),
  });
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  // as where each of the addresses of a host was tried, and none answered
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}

/** The system's error code (ENOSPC, ECONNREFUSED ...), if it is a system error. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : undefined;
}

/** What is told of anything that was thrown to whoever follows the work: of an unknown error, nothing. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof AppError)) return { code: 'INTERNAL', message: 'Internal error; the log has the details' };
  return { code: error.code, message: error.message, ...error.place };
}
