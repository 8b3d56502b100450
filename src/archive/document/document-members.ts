/** What the members of a document have to be, as JSON or as YAML. */
import { AppError } from '../../lib/error.js';
import { CHANGES_FORMAT, DOCUMENT_FORMAT } from '../content/content.js';

/** The error for a document without one of its members. */
export function missingMember(member: string, advice: string): AppError {
  return new AppError('INTEGRITY_FAILED', `The document has no "${member}": ${advice}`);
}

/** A content digest as a document has it; what is no text equals no digest. */
export function digestText(json: unknown): string {
  return typeof json === 'string' ? json : JSON.stringify(json);
}

export type DocumentFormat = typeof DOCUMENT_FORMAT | typeof CHANGES_FORMAT;

/** @throws AppError INTEGRITY_FAILED on a document that is of neither version */
export function knownFormat(format: unknown): DocumentFormat {
  if (format === DOCUMENT_FORMAT || format === CHANGES_FORMAT) return format;
  throw new AppError(
    'INTEGRITY_FAILED',
    `The document's format is ${JSON.stringify(format)?.slice(0, 100) ?? 'missing'}; this program understands ` +
      `"${DOCUMENT_FORMAT}" and "${CHANGES_FORMAT}". Use the program that made it, or a newer one`,
  );
}
