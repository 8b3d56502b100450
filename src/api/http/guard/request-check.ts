/**
 * Checks of a request before anything of it runs: the Host and Origin checks that keep foreign web pages out (DNS
 * rebinding), and requests that two servers could read in two ways (smuggling).
 */
import type { IncomingMessage } from 'node:http';

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1)$/i;
/** A name or an address, with or without a port. */
export const HOST_HEADER = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i;

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

export const LOOPBACK_ONLY = 'This server listens on loopback: address it as localhost, 127.0.0.1 or [::1]';

/** On loopback only loopback's own names: a web page that points its name at 127.0.0.1 is turned away. */
export function isHostAllowed(boundTo: string, hostHeader: string | undefined): boolean {
  const name = HOST_HEADER.exec(hostHeader ?? '')?.[1];
  if (name === undefined) return false;
  return !isLoopback(boundTo) || isLoopback(name);
}

/**
 * A browser says where its page came from; other clients send no Origin.
 * @param allowed origins besides our own
 */
export function isOriginAllowed(
  origin: string | undefined,
  hostHeader: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === hostHeader?.toLowerCase().replace(/:(?:80|443)$/, '');
}

/**
 * What is wrong with a request that a proxy in front may have read as another one, or as two; undefined if nothing is.
 */
export function framingFault({ httpVersion, url, headers, rawHeaders }: IncomingMessage): string | undefined {
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length;
  if (hosts > 1 || (hosts === 0 && httpVersion !== '1.0')) return 'The request needs one Host header';
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0'))
    return 'The only transfer encoding is "chunked", with HTTP/1.1';
  const authority = ABSOLUTE_FORM.exec(url ?? '')?.[1];
  if (authority !== undefined && authority.toLowerCase() !== headers.host?.toLowerCase())
    return 'The address of the request and its Host header name different servers';
  return undefined;
}

/** The path that a request asks for, without its query string. */
export function pathOf(url: string): string {
  return url.replace(ABSOLUTE_FORM, '').split('?', 1)[0] ?? '';
}
