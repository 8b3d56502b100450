/** Where a request comes from, and what is counted as one sender. */
import type { IncomingMessage } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';
import rateLimit from '@fastify/rate-limit';

export type Trust = (address: string, hop: number) => boolean;

/** @param proxies addresses and networks as OVNCP_TRUSTED_PROXIES has them */
export function trustIn(proxies: readonly string[]): Trust {
  return proxyAddr.compile([...proxies]);
}

/**
 * Where a request comes from: the address at the other end of the connection, or the one that a trusted proxy
 * names in X-Forwarded-For.
 */
export function addressOf(request: IncomingMessage, trust: Trust): string {
  // it is undefined, against its type, once the connection is gone
  const address = proxyAddr(request, trust) as string | undefined;
  return address === undefined ? 'gone' : rateLimit.normalizeIP(address, 128);
}

/**
 * What is counted as one sender: an IPv4 address, or the network (/64) of an IPv6 one, which a customer has all to
 * himself.
 */
export function networkOf(address: string): string {
  return rateLimit.normalizeIP(address);
}
