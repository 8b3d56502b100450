/** Addresses of prepared exports. Whoever has one may download, so none is ever in the log. */
import { pathOf } from './guard/request-check.js';

export const DOWNLOADS = '/api/v1/downloads';

export function downloadAddress(id: string): string {
  return `${DOWNLOADS}/${id}`;
}

/** The path of a request as it may stand in the log: without the id of a prepared export, however it is written. */
export function loggablePath(url: string): string {
  const path = pathOf(url);
  return /\/downloads\//i.test(decoded(path)) ? DOWNLOADS : path;
}

function decoded(path: string): string {
  // piece by piece: one that cannot be decoded hides none of the others
  return path.replaceAll(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}
