/**
 * Remotes: the addresses of ovsdb-server in the notation of ovn-nbctl(8) and ovsdb(7),
 * "unix:PATH", "tcp:HOST:PORT" and "ssl:HOST:PORT", IPv6 hosts in brackets, several
 * separated by commas.
 */

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

const NETWORK = /^(tcp|ssl):(?:\[([0-9A-Fa-f:.%\w]+)\]|([^:[\],\s]+)):(\d{1,5})$/;

/**
 * Reads a comma-separated list of remotes.
 * @throws Error that names the remote that is malformed and the notation that is taken
 */
export function parseRemotes(text: string): readonly Remote[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.map(parseRemote);
}

function parseRemote(text: string): Remote {
  if (text.startsWith('unix:') && text.length > 5) return { kind: 'unix', text, path: text.slice(5) };
  const match = NETWORK.exec(text);
  const host = match?.[2] ?? match?.[3];
  const port = Number(match?.[4]);
  if (match === null || host === undefined || port < 1 || port > 65_535) {
    throw new Error(
      `"${text}" is not a remote: write unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT (an IPv6 host in brackets), ` +
        'several separated by commas',
    );
  }
  return { kind: match[1] === 'ssl' ? 'ssl' : 'tcp', text, host, port };
}
