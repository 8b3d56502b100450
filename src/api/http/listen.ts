/** Listening on a port: what an operator can do about it where that fails. */
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
    throw errnoOf(error) === undefined ? error : new Error(sentenceOf(error, place), { cause: error });
  }
}

function sentenceOf(error: unknown, { host, port, variable }: Place): string {
  switch (errnoOf(error)) {
    case 'EADDRINUSE':
      return (
        `Port ${port} of ${host} is taken by another process. Stop that one, or set ${variable} to another port, ` +
        `such as ${variable}=${port === 65_535 ? port - 1 : port + 1}`
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
