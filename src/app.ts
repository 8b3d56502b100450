/**
 * The composition root: makes every part, gives each what it uses, starts them, and ends them in the
 * opposite order. main.ts runs it with the environment, the demo and the tests with their own configuration.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ensureFirstToken } from './api/first-token.js';
import { createAuthenticator } from './api/auth.js';
import { createSchema } from './api/graphql/schema.js';
import { createApiServer } from './api/server.js';
import type { Config } from './config.js';
import { systemClock } from './lib/clock.js';
import { messageOf } from './lib/error.js';
import type { Log } from './lib/log.js';
import { NORTHBOUND } from './model/northbound.js';
import { DatabaseClient } from './ovsdb/client.js';
import type { TlsIdentity } from './ovsdb/connection.js';
import { BackupService } from './service/backup.js';
import { Catalog } from './service/catalog.js';
import { CompareService } from './service/compare.js';
import { Database, Databases } from './service/database.js';
import { RestoreService } from './service/restore.js';
import { Work } from './service/work.js';
import { FileStore } from './store/file-store.js';

export interface App {
  /** Where the server listens: http://127.0.0.1:4000 */
  readonly url: string;
  /** The admin token, only on the start that made it, and the file that it was written to. */
  readonly firstToken?: { readonly token: string; readonly file: string };
  /** Takes on no new work, lets running work end, then closes everything. */
  stop(): Promise<void>;
}

/** Id of the one database that the environment configures. */
export const DATABASE_ID = 'northbound';
/** No key begins with it: looking for it reads the folder and nothing else. */
const READY_PREFIX = 'ready/';
const IDE_PATH = fileURLToPath(new URL('../dist/ide', import.meta.url));

/**
 * Starts everything.
 * @throws AppError STORE_UNAVAILABLE when the backup folder cannot be used; the system's error when the port is taken
 */
export async function startApp(config: Config, log: Log): Promise<App> {
  const clock = systemClock;
  const store = await FileStore.open(config.backupPath);
  const client = new DatabaseClient({
    remotes: config.remotes,
    database: NORTHBOUND,
    tls: await readTls(config),
    onStatus: (status) => { log[status.connected ? 'info' : 'warn']({ ...status }, status.connected ? 'database connected' : 'database away'); },
  });
  try {
    const catalog = await Catalog.open(store, log);
    const { auth, first } = await authentication(config);
    const databases = new Databases([new Database(DATABASE_ID, client, { silenceMsMax: config.silenceMsMax })]);
    const work = new Work();
    const backups = new BackupService({ catalog, store, databases, clock, log, work });
    const limits = { step: { rowsMax: config.stepRowsMax, bytesMax: config.stepBytesMax }, syncMsMax: 1_000 * config.syncSecondsMax };
    const restores = new RestoreService({ backups, catalog, store, databases, clock, log, work, limits });
    const compare = new CompareService({ backups, catalog, databases, work });
    const schema = createSchema({ backups, catalog, restores, compare, databases, uploadBytesMax: config.uploadBytesMax });
    const server = await createApiServer({
      config, schema, log, clock,
      authenticator: await createAuthenticator({ ...auth, log, clock }),
      idePath: IDE_PATH,
      ready: async () => ({ database: client.status.connected ? 'ok' : (client.status.error ?? 'not connected'), store: await healthOf(store) }),
    });
    client.start();
    await restores.load();
    const { url } = await server.listen();
    log.info({ url, backups: catalog.list({ first: 1 }).totalCount, problems: catalog.problems() }, 'listening');
    return {
      url,
      ...(first?.token === undefined ? {} : { firstToken: { token: first.token, file: first.tokenFile } }),
      stop: async () => {
        await Promise.all([server.drain(), work.drain()]);
        restores.stop();
        await server.close();
        await client.stop();
        await store.close();
      },
    };
  } catch (error) {
    await client.stop();
    await store.close();
    throw error;
  }
}

async function healthOf(store: FileStore): Promise<string> {
  try {
    await store.list(READY_PREFIX);
    return 'ok';
  } catch (error) {
    return messageOf(error);
  }
}

async function authentication(config: Config): Promise<{ auth: Config['auth']; first?: { token?: string; tokenFile: string } }> {
  const { auth } = config;
  if (auth.jwtSecret !== undefined || auth.jwksUrl !== undefined || auth.tokensFile !== undefined) return { auth };
  const first = await ensureFirstToken(config.backupPath);
  return { auth: { tokensFile: first.tokensFile }, first };
}

async function readTls({ ssl }: Config): Promise<TlsIdentity | undefined> {
  if (ssl === undefined) return undefined;
  const [privateKey, certificate, caCertificate] = await Promise.all([readFile(ssl.privateKeyFile, 'utf8'), readFile(ssl.certificateFile, 'utf8'), readFile(ssl.caCertificateFile, 'utf8')]);
  return { privateKey, certificate, caCertificate };
}
