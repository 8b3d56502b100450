/**
 * TLS of our own listeners: 1.2 and 1.3, with the key pair of OVNCP_TLS_KEY and OVNCP_TLS_CERT.
 *
 * The files are looked at once a minute: a renewed pair is taken up without a restart, a broken one leaves the
 * old one in force. Whoever speaks plain HTTP to such a listener is told so in plain HTTP.
 */
import { stat } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { Server as HttpsServer, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { Clock } from '../../../lib/clock.js';
import { errnoOf } from '../../../lib/error.js';
import { type KeyPair, type KeyPairFiles, readKeyPair } from '../../../lib/key-pair.js';
import type { Log } from '../../../lib/log.js';

export interface ServerCertificateOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** How often the files are looked at. Default one minute. */
  readonly checkEveryMs?: number;
}

const CHECK_EVERY_MS = 60_000;
const DAY_MS = 86_400_000;
const EXPIRES_SOON_MS = 14 * DAY_MS;
/** For a client to begin, and to end, its handshake. */
const HANDSHAKE_MS = 15_000;
/** For a client that speaks plain HTTP to read its answer. */
const LAST_WORDS_MS = 2_000;
const NOT_TLS = 'This port speaks TLS: write https://';

/** The key pair in force, and the servers that show it. */
export class ServerCertificate {
  private readonly servers = new Set<TlsServer>();
  private timer: NodeJS.Timeout | undefined;
  private warnedAt = -Infinity;
  private renewing: Promise<void> | undefined;

  private constructor(
    private readonly files: KeyPairFiles,
    private readonly options: ServerCertificateOptions,
    private pair: KeyPair,
    private version: string,
  ) {
    this.tellDates();
  }

  /** @throws Error that names the variable, the file and the fault: a server does not start with a broken pair */
  static async open(files: KeyPairFiles, options: ServerCertificateOptions): Promise<ServerCertificate> {
    const version = await versionOf(files);
    return new ServerCertificate(files, options, await load(files), version);
  }

  /** A server that shows the pair, and every later one as long as it listens. */
  createServer(handler: RequestListener, options: ServerOptions): HttpsServer {
    const server = new TlsServer(
      { ...options, ...secrets(this.pair), handshakeTimeout: HANDSHAKE_MS },
      handler,
      this.options.log,
    );
    server.once('listening', () => {
      // renewed between its making and now, perhaps
      server.setSecureContext(secrets(this.pair));
      this.servers.add(server);
      this.timer ??= setInterval(() => void this.renew(), this.options.checkEveryMs ?? CHECK_EVERY_MS).unref();
    });
    server.once('close', () => {
      this.servers.delete(server);
      if (this.servers.size > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    });
    return server;
  }

  /** Looks for a new pair now, one look at a time. Never throws: what is wrong with it is logged. */
  renew(): Promise<void> {
    this.renewing ??= this.look().finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  private async look(): Promise<void> {
    const { log, clock } = this.options;
    const version = await versionOf(this.files);
    if (version !== this.version) {
      this.version = version;
      try {
        const pair = await load(this.files);
        if (clock.now() > Date.parse(pair.leaf.validTo))
          throw new Error(
            `OVNCP_TLS_CERT: the certificate in "${this.files.certificateFile}" expired on ${pair.leaf.validTo}`,
          );
        for (const server of this.servers) server.setSecureContext(secrets(pair));
        this.pair = pair;
        this.warnedAt = -Infinity;
        log.info(described(pair), 'the TLS certificate was renewed');
      } catch (error) {
        log.error({ err: error }, 'the new TLS certificate cannot be used: the old one stays in force');
      }
    }
    this.tellDates();
  }

  /** Once a day is enough. */
  private tellDates(): void {
    const { log, clock } = this.options;
    const now = clock.now();
    const { validFrom, validTo } = this.pair.leaf;
    if (now - this.warnedAt < DAY_MS) return;
    const fault =
      now > Date.parse(validTo)
        ? 'the TLS certificate has expired: clients will refuse it'
        : now < Date.parse(validFrom)
          ? 'the TLS certificate is not valid yet: clients will refuse it'
          : Date.parse(validTo) - now < EXPIRES_SOON_MS
            ? 'the TLS certificate expires soon'
            : undefined;
    if (fault === undefined) return;
    this.warnedAt = now;
    log.warn(described(this.pair), fault);
  }
}

function described({ leaf }: KeyPair): object {
  return { certificate: leaf.subject, validFrom: leaf.validFrom, validTo: leaf.validTo };
}

function secrets({ privateKey, certificate }: KeyPair): TlsOptions {
  return { key: privateKey, cert: certificate, minVersion: 'TLSv1.2' };
}

async function load(files: KeyPairFiles): Promise<KeyPair> {
  try {
    return await readKeyPair(files);
  } catch (error) {
    throw new Error(`OVNCP_TLS_CERT, OVNCP_TLS_KEY: ${(error as Error).message}`, { cause: error });
  }
}

/** Changes when a file does, also when it is a link that now leads elsewhere. */
async function versionOf({ privateKeyFile, certificateFile }: KeyPairFiles): Promise<string> {
  const versions = await Promise.all(
    [privateKeyFile, certificateFile].map(async (file) => {
      try {
        const { mtimeMs, size, ino } = await stat(file);
        return `${mtimeMs}-${size}-${ino}`;
      } catch (error) {
        return errnoOf(error) ?? 'unreadable';
      }
    }),
  );
  return versions.join(' ');
}

/**
 * Looks at the first byte of a connection: a handshake goes on to TLS, plain HTTP is answered, anything else hung up
 * on.
 */
class TlsServer extends HttpsServer {
  /** Connections, also those that TLS has not made out yet: Node counts only what speaks HTTP. */
  private readonly open = new Set<Socket>();

  constructor(options: ServerOptions, handler: RequestListener, log: Log) {
    super(options, handler);
    const handshakes = this.listeners('connection') as ((socket: Socket) => void)[];
    this.removeAllListeners('connection');
    this.on('connection', (socket: Socket) => {
      this.open.add(socket);
      socket.once('close', () => this.open.delete(socket));
      greet(socket, () => {
        for (const handshake of handshakes) handshake.call(this, socket);
      });
    });
    // Node would hand it to whoever answers unreadable HTTP, and an answer cannot be read without a handshake
    this.removeAllListeners('tlsClientError');
    this.on('tlsClientError', (error, socket) => {
      log.debug({ code: errnoOf(error) }, 'a TLS handshake failed');
      socket.destroy();
    });
  }

  override closeAllConnections(): void {
    super.closeAllConnections();
    for (const socket of this.open) socket.destroy();
  }
}

const HANDSHAKE_BYTE = 0x16;

function greet(socket: Socket, startTls: () => void): void {
  const hangUp = (): void => void socket.destroy();
  socket.on('error', hangUp);
  const timer = setTimeout(hangUp, HANDSHAKE_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.once('data', (first: Buffer) => {
    clearTimeout(timer);
    socket.pause();
    if (first[0] === HANDSHAKE_BYTE) {
      socket.unshift(first);
      startTls();
    } else if (/^[A-Z]/.test(first.toString('latin1', 0, 1))) {
      const body = JSON.stringify({ error: NOT_TLS, code: 'BAD_USER_INPUT' });
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json; ` +
          `charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nX-Content-Type-Options: ` +
          `nosniff\r\nCache-Control: no-store\r\n\r\n${body}`,
      );
      // what it still sends is read away: hanging up on it would take the answer along
      socket.resume();
      setTimeout(hangUp, LAST_WORDS_MS).unref();
    } else hangUp();
  });
}
