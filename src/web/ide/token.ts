/**
 * The token of the header editor. GraphiQL has one header editor per tab; the token given in
 * one of them is used in all, and is kept in memory only: a reload forgets it.
 */

/** What the header editor of a new tab holds. */
export const HEADERS_TEMPLATE = '{\n  "Authorization": "Bearer "\n}';

export const TOKEN_HINT =
  'No token yet. Open "Headers" at the bottom of the editor and complete {"Authorization": "Bearer <token>"}. ' +
  'The server prints where the admin token is when it starts.';

let remembered: string | undefined;

/** The Authorization header to send, or undefined where no tab has a token so far. */
export function authorizationFrom(headers: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const name = Object.keys(headers ?? {}).find((key) => key.toLowerCase() === 'authorization');
  const value = name === undefined ? undefined : headers?.[name];
  if (typeof value === 'string' && /^bearer\s+\S+$/i.test(value.trim())) remembered = value.trim();
  return remembered;
}

/** The same for the text of the header editor; text that is not JSON yet counts as no token. */
export function authorizationInText(text: string): string | undefined {
  try {
    const headers: unknown = JSON.parse(text);
    if (typeof headers !== 'object' || headers === null) return undefined;
    const before = remembered;
    const now = authorizationFrom(headers as Record<string, unknown>);
    return now === before ? undefined : now;
  } catch {
    // Somebody is typing: the next keystroke tries again.
    return undefined;
  }
}
