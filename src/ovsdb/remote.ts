/**
 * Remotes: the addresses of ovsdb-server in the notation of ovn-nbctl(8) and ovsdb(7),
 * "unix:PATH", "tcp:HOST:PORT" and "ssl:HOST:PORT", IPv6 hosts in brackets, several
 * separated by commas.
 */
import { isIP } from 'node:net';

export interface UnixRemote {
  readonly kind: 'unix';
  readonly text: string;
  readonly path: string;
}

export interface NetworkRemote {
  readonly kind: 'tcp' | 'ssl';
  readonly text: string;
  readonly host: string;
  readonly port: number;
}

export type Remote = UnixRemote | NetworkRemote;

const NOTATION = 'unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT (an IPv6 host in brackets), several separated by commas';
/** A name or an IPv4 address, or an IPv6 address in brackets. */
const NETWORK = /^(tcp|ssl):(?:\[([0-9A-Fa-f:.%\w]+)\]|([\w.-]+)):(\d{1,5})$/;
const PORT_MAX = 65_535;
/** OVN's port of the Northbound database. */
const USUAL_PORT = 6641;

/** What people write before a host -> what they mean. */
const MEANT: Readonly<Record<string, 'tcp' | 'ssl'>> = {
  '': 'tcp',
  tcp: 'tcp',
  ptcp: 'tcp',
  http: 'tcp',
  ssl: 'ssl',
  pssl: 'ssl',
  tls: 'ssl',
  https: 'ssl',
};
const WRITTEN = /^(?:(p?tcp|p?ssl|tls|https?):)?(?:\/\/)?([^/]*)\/?$/i;

/**
 * Reads a comma-separated list of remotes.
 * @throws Error that names the remote that is malformed, what may be meant, and the notation that is taken
 */
export function parseRemotes(text: string): readonly Remote[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.map((part) => {
    const remote = readRemote(part);
    if (remote !== undefined) return remote;
    const meant = meantBy(part);
    throw new Error(
      `"${withoutPassword(part)}" is not a remote: ${meant === undefined ? '' : `did you mean ${meant}? `}` +
        `write ${NOTATION}`,
    );
  });
}

function readRemote(text: string): Remote | undefined {
  if (text.startsWith('unix:') && text.length > 5) return { kind: 'unix', text, path: text.slice(5) };
  const match = NETWORK.exec(text);
  const host = match?.[2] ?? match?.[3];
  const port = Number(match?.[4]);
  if (match === null || host === undefined || port < 1 || port > PORT_MAX) return undefined;
  return { kind: match[1] === 'ssl' ? 'ssl' : 'tcp', text, host, port };
}

/** The remote that somebody meant who does not know the notation, or forgot the port; undefined where nobody knows. */
function meantBy(text: string): string | undefined {
  if (text.startsWith('/')) return `unix:${text}`;
  const [, scheme = '', address = ''] = WRITTEN.exec(text) ?? [];
  const kind = MEANT[scheme.toLowerCase()] ?? 'tcp';
  // "ptcp:6641" says at which port a server listens
  if (/^\d+$/.test(address)) return `${kind}:HOST:${address}`;
  return [`${kind}:${address}`, `${kind}:${address}:${USUAL_PORT}`].find((remote) => readRemote(remote) !== undefined);
}

/** A password before an @ is nobody's business. */
function withoutPassword(text: string): string {
  return text.replace(/:[^:@/]*@/, ':***@');
}

/**
 * Listeners are where ovsdb-server waits for clients: "ptcp:PORT:HOST", "pssl:PORT:HOST" and "punix:PATH". Without a
 * port it is 6640; without a host it is every address of the machine.
 */
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
