/**
 * Listeners: where ovsdb-server waits for clients, in the notation of ovsdb(7): "ptcp:PORT:HOST", "pssl:PORT:HOST" and
 * "punix:PATH". Without a port it is 6640; without a host it is every address of the machine.
 */
import { isIP } from 'node:net';
import type { Remote } from './remote.js';

const LISTENER = /^p(tcp|ssl):(\d*)(?::\[?([^[\]]*)\]?)?$/;
const PORT_DEFAULT = 6640;
const EVERY_ADDRESS = new Set(['', '0.0.0.0', '::', '::0', '0::0']);

/** How sure it is that a client on this remote comes through a listener. */
export const COMES_THROUGH = {
  NO: 0,
  /** The port is the listener's; the address is another one, as where addresses are translated on the way. */
  BY_PORT: 1,
  BY_ADDRESS: 2,
} as const;

/** @param listener any text: what is no listener lets nobody through */
export function comesThrough(remote: Remote, listener: string): number {
  if (remote.kind === 'unix') return listener === `punix:${remote.path}` ? COMES_THROUGH.BY_ADDRESS : COMES_THROUGH.NO;
  const [, kind, port = '', host = ''] = LISTENER.exec(listener) ?? [];
  if (kind !== remote.kind || (port === '' ? PORT_DEFAULT : Number(port)) !== remote.port) return COMES_THROUGH.NO;
  const [theirs, ours] = [host.toLowerCase(), remote.host.toLowerCase()];
  // a name may stand for any address
  return EVERY_ADDRESS.has(theirs) || theirs === ours || isIP(ours) === 0
    ? COMES_THROUGH.BY_ADDRESS
    : COMES_THROUGH.BY_PORT;
}
