/** What belongs into another place of a request than the one that it was sent in: the address, the body or a header. */
import type { z } from 'zod';
import { AppError, mistakesError } from '../../../lib/error.js';
import { membersAt } from '../../../service/command/input-check.js';
import type { Route } from './route.js';

type Members = Readonly<Record<string, unknown>>;
type Taken = Pick<Route, 'query' | 'body' | 'bodyKind' | 'headers'>;

/** @throws AppError BAD_USER_INPUT that says of each where it belongs */
export function checkPlaces(
  { query, body, bodyKind, headers = {} }: Taken,
  sent: { readonly query: Members; readonly body: unknown },
): void {
  const inQuery = namesOf(query);
  const inBody = bodyKind === 'NONE' ? [] : namesOf(body);
  const inHeaders = new Map(Object.keys(headers).map((header) => [memberOf(header), header]));
  if (bodyKind === 'JSON' && inBody.length === 0 && !isEmpty(sent.body))
    throw new AppError('BAD_USER_INPUT', 'the request: takes no body; leave it out');
  const faults: string[] = [];
  for (const name of Object.keys(sent.query)) {
    const header = inHeaders.get(name);
    if (inQuery.includes(name)) continue;
    if (header !== undefined && !inBody.includes(name))
      faults.push(`"${name}": goes into the header ${header}, and not into the address`);
    else if (inBody.includes(name)) faults.push(`"${name}": goes into the body, and not into the address`);
  }
  if (bodyKind === 'JSON')
    for (const name of Object.keys(sent.body ?? {}))
      if (!inBody.includes(name) && inQuery.includes(name))
        faults.push(`"${name}": goes into the address, such as ?${name}=..., and not into the body`);
  if (faults.length > 0) throw mistakesError(faults);
}

function namesOf(shape: z.ZodType): readonly string[] {
  return membersAt(shape, []);
}

/** X-Decryption-Key would be decryption_key in a body. */
function memberOf(header: string): string {
  return header.replace(/^X-/, '').toLowerCase().replaceAll('-', '_');
}

function isEmpty(body: unknown): boolean {
  return (
    body === undefined ||
    body === null ||
    (typeof body === 'object' && !Array.isArray(body) && Object.keys(body).length === 0)
  );
}
