/** Listening on a port: what an operator can do about it where that fails. */
import { createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { errnoOf } from '../../lib/error.js';
import { reasonOf } from '../../lib/system-error.js';

export interface Place {
  readonly host: string;
  readonly port: number;
  /** The variable that says which port. */
  readonly variable: 'PORT' | 'OVNCP_METRICS_PORT';
}

/** @throws Error that says what is in the way, and what to do */
export async function listenAt(fastify: FastifyInstance, place: Place): Promise<void> {
  try {
    await fastify.listen({ host: place.host, port: place.port });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    const free = errnoOf(error) === 'EADDRINUSE' ? await freePortAfter(place) : undefined;
    throw new Error(sentenceOf(error, place, free), { cause: error });
  }
}

/** The first port behind this one that nobody listens at; undefined where none of the next ones is free. */
export async function freePortAfter({ host, port }: Pick<Place, 'host' | 'port'>): Promise<number | undefined> {
  for (let next = port + 1; next <= Math.min(port + PORTS_TRIED, PORT_MAX); next++)
    if (await isFree(host, next)) return next;
  return undefined;
}

/** @throws Error that has no errno */
export function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (errnoOf(error) === undefined ? reject(error) : resolve(false)));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

const PORTS_TRIED = 50;
const PORT_MAX = 65_535;

/** @param free a port that was tried, and that can be had */
function sentenceOf(error: unknown, { host, port, variable }: Place, free: number | undefined): string {
  switch (errnoOf(error)) {
    case 'EADDRINUSE':
      return (
        `Port ${port} of ${host} is taken by another process: ss -ltnp "sport = :${port}" says by which. Stop that ` +
        `one, or set ${variable} to another port${free === undefined ? '' : `: ${variable}=${free} is free`}`
      );
    case 'EACCES':
      return `Port ${port} of ${host} is not allowed to this user. Set ${variable} to a port above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST is ${host}, which is no address of this machine: set it to one that is, or leave it out`;
    default:
      return (
        `Listening at port ${port} of ${host} failed (${reasonOf(error)}). Mend that, or set HOST and ${variable} to ` +
        'an address and a port that this server can have'
      );
  }
}
