/**
 * TLS of our own listeners: 1.2 and 1.3, with the key pair of OVNCP_TLS_KEY and OVNCP_TLS_CERT.
 *
 * The files are looked at once a minute: a renewed pair is taken up without a restart, a broken one leaves the
 * old one in force.
 */
import { stat } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import type { Server as HttpsServer, ServerOptions } from 'node:https';
import type { TlsOptions } from 'node:tls';
import { type Clock, every } from '../../../lib/clock.js';
import { errnoOf } from '../../../lib/error.js';
import { type KeyPair, type KeyPairFiles, readKeyPair } from '../../../lib/key-pair.js';
import type { Log } from '../../../lib/log.js';
import { TlsServer } from './tls-server.js';

export interface ServerCertificateOptions {
  readonly log: Log;
  readonly clock: Clock;
}

const CHECK_EVERY_MS = 60_000;
const DAY_MS = 86_400_000;
const EXPIRES_SOON_MS = 14 * DAY_MS;

/** The key pair in force, and the servers that show it. */
export class ServerCertificate {
  private readonly servers = new Set<TlsServer>();
  /** Set while a server listens. */
  private endLooks: (() => void) | undefined;
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
    const server = new TlsServer({ ...options, ...secrets(this.pair) }, handler, this.options.log);
    server.once('listening', () => {
      // renewed between its making and now, perhaps
      server.setSecureContext(secrets(this.pair));
      this.servers.add(server);
      this.endLooks ??= every(this.options.clock, CHECK_EVERY_MS, () => void this.renew());
    });
    server.once('close', () => {
      this.servers.delete(server);
      if (this.servers.size > 0) return;
      this.endLooks?.();
      this.endLooks = undefined;
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
