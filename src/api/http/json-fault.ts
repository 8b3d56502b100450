/** Bodies that are no JSON. The parser's own message quotes the body, which may hold a key. */
import { AppError } from '../../lib/error.js';

/** @param error what JSON.parse threw. @param example a body as it should be */
export function notJson(error: unknown, example: string): AppError {
  const { name, message } = error as Error;
  const at = /at position (\d+)/.exec(message)?.[1];
  const place =
    at === undefined ? (/^Unexpected end/.test(message) ? ' (it ends too early)' : '') : ` (character ${at})`;
  return new AppError('BAD_USER_INPUT', `The body is no valid JSON${place}: send an object like ${example}`, {
    cause: new Error(name),
  });
}
