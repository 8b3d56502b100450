/** The passphrase of a backup in the header X-Decryption-Key, where a route takes it in its body too, or not at all. */
import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '../../../lib/error.js';
import { membersAt } from '../../../service/command/input-check.js';
import type { Route } from './route.js';

const MEMBER = 'decryption_key';
const BOTH = 'The header X-Decryption-Key and decryption_key differ: send one of them';

/** For the headers of a route that takes the passphrase in its body too. */
export const KEY_IN_HEADER = { 'X-Decryption-Key': 'The passphrase, instead of decryption_key in the body' };

export function headerKey(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['x-decryption-key'];
  return typeof key === 'string' && key !== '' ? key : undefined;
}

/** Whether the body of a route takes the passphrase of one backup. */
export function takesKeyInBody({ body, bodyKind }: Pick<Route, 'body' | 'bodyKind'>): boolean {
  return bodyKind !== 'NONE' && membersAt(body, []).includes(MEMBER);
}

/**
 * A body with the key of the header in it.
 * @throws AppError BAD_USER_INPUT where both are there and differ, and where the header would be passed over
 */
export function withHeaderKey(
  route: Pick<Route, 'body' | 'bodyKind' | 'keyGoes'>,
  body: unknown,
  key?: string,
): unknown {
  if (key === undefined) return body;
  if (route.keyGoes !== undefined)
    throw new AppError('BAD_USER_INPUT', `The header X-Decryption-Key is not taken here: ${route.keyGoes}`);
  if (route.bodyKind !== 'JSON' || !takesKeyInBody(route)) return body;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return withOneKey(body, key);
}

/** Members with the key of the header among them. @throws AppError BAD_USER_INPUT where they have another one */
export function withOneKey(members: object, key: string | undefined): object {
  if (key === undefined) return members;
  const { [MEMBER]: given } = members as { readonly [MEMBER]?: unknown };
  if (given !== undefined && given !== null && given !== '' && given !== key)
    throw new AppError('BAD_USER_INPUT', BOTH);
  return { ...members, [MEMBER]: key };
}
