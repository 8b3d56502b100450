/**
 * Replies (RFC 7047, sections 4 and 5.2): the result, the results of a transaction's operations, the errors.
 */
import { OvsdbError } from './error.js';
import { isObject, type Json, type JsonObject, parseJson, stringifyJson } from './json.js';

/** The result of a whole reply. @throws OvsdbError when it is an error */
export function resultOf(reply: Buffer): Json {
  const message = parseJson(reply.toString()) as JsonObject;
  const error = message['error'] ?? null;
  if (error !== null) throw readError(error);
  return message['result'] ?? null;
}

/** An error member: the string of RFC 7047, or an object with "error" and "details", and the system's "io-error". */
export function readError(error: Json, operation?: number): OvsdbError {
  if (isObject(error)) {
    const details = typeof error['details'] === 'string' ? error['details'] : '';
    const cause = error['io-error'];
    return new OvsdbError(
      typeof error['error'] === 'string' ? error['error'] : stringifyJson(error['error'] ?? null),
      typeof cause === 'string' ? `${details} (${cause})` : details,
      operation,
    );
  }
  return new OvsdbError(typeof error === 'string' ? error : stringifyJson(error), '', operation);
}

const FAILED_OPERATION = Buffer.from('"error":"');
const NO_ERROR = Buffer.from('"error":null');

/**
 * Reads the reply to a transact.
 * @throws OvsdbError of the first operation that failed; its number is the number of operations
 *   when the failure came at commit
 */
export function checkTransactReply(reply: Buffer): void {
  // the results of a large restore are megabytes that say "fine": no need to make objects of them
  if (!reply.includes(FAILED_OPERATION) && reply.includes(NO_ERROR)) return;
  transactResults(reply);
}

/** The result of each operation. @throws OvsdbError as checkTransactReply */
export function transactResults(reply: Buffer): readonly Json[] {
  const message = parseJson(reply.toString());
  if (!isObject(message)) throw new OvsdbError('not a reply', reply.toString('utf8', 0, 200));
  const error = message['error'] ?? null;
  if (error !== null) throw readError(error);
  const results = message['result'];
  if (!Array.isArray(results)) throw new OvsdbError('not a reply', stringifyJson(message).slice(0, 200));
  results.forEach((result: Json, index) => {
    if (isObject(result) && result['error'] !== undefined) throw readError(result, index);
  });
  return results as readonly Json[];
}

/** The rows that a select answered. @throws OvsdbError when it is the result of something else */
export function rowsOf(result: Json | undefined): readonly JsonObject[] {
  const rows = isObject(result) ? result['rows'] : undefined;
  if (!Array.isArray(rows)) throw new OvsdbError('not a reply', 'rows were expected');
  return rows as readonly JsonObject[];
}
