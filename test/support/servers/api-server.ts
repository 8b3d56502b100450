/**
 * The whole server for tests: in this process (startApiServer), or as a process of its own that can be killed
 * (spawnServer); in both cases with a real ovsdb-server and a backup folder of its own.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, startApp } from '../../../src/app.js';
import { loadConfig } from '../../../src/config/config.js';
import { createLog } from '../../../src/lib/log.js';
import { ApiClient, JWT_SECRET, tokenWith } from '../clients/api-client.js';
import { CHEAP_KEYS } from '../key-cost.js';
import { startOvsdbServer, type TestServer } from './ovsdb-server.js';

export interface ApiServerOptions {
  /** A database file; an empty database if left out. */
  readonly database?: string;
  /** The folder of another release's programs (test/support/releases). Default: those that are installed. */
  readonly programs?: string | undefined;
  /** Over the environment that the tests give: LOG_LEVEL and so on. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * The environment of a server on this database and this folder: any free port, JWTs of tokenWith, no limit on rates.
 */
export function serverEnvironment(remote: string, folder: string): Record<string, string> {
  const unlimited = {
    OVNCP_RATE_PER_TOKEN_PER_MINUTE: '0',
    OVNCP_RATE_PER_ADDRESS_PER_MINUTE: '0',
    OVNCP_FAILED_LOGINS_PER_MINUTE: '0',
  };
  return {
    OVN_NB_DB: remote,
    BACKUP_PATH: folder,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'trace',
    OVNCP_JWT_SECRET: JWT_SECRET,
    ...unlimited,
  };
}

export class TestApi {
  /** Made by startApiServer. */
  constructor(
    readonly app: App,
    readonly ovsdb: TestServer,
    /** BACKUP_PATH. */
    readonly folder: string,
    /** Of the log, one JSON text each. */
    readonly lines: readonly string[],
    /** An admin. */
    readonly admin: ApiClient,
  ) {}

  get url(): string {
    return this.app.url;
  }

  /** A client whose token has these permissions; all of them if none is named. */
  async as(...permissions: readonly string[]): Promise<ApiClient> {
    return new ApiClient(this.url, await tokenWith(...permissions));
  }

  /** The files of the backup folder, folders and hidden files included, without the lock and the audit trail. */
  files(): Promise<readonly string[]> {
    return filesIn(this.folder);
  }

  async stop(): Promise<void> {
    await this.app.stop();
    await this.ovsdb.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export async function startApiServer(options: ApiServerOptions = {}): Promise<TestApi> {
  const { database, programs } = options;
  const ovsdb = await startOvsdbServer({ programs, ...(database === undefined ? {} : { database }) });
  const folder = await mkdtemp(join(tmpdir(), 'ovncp-api-'));
  const lines: string[] = [];
  try {
    const config = loadConfig({ ...serverEnvironment(ovsdb.remote, folder), ...options.env });
    const log = createLog(config.logLevel, { write: (line) => void lines.push(line) });
    const app = await startApp(config, log, { keyCost: CHEAP_KEYS });
    return new TestApi(app, ovsdb, folder, lines, new ApiClient(app.url, await tokenWith()));
  } catch (error) {
    await ovsdb.stop();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Every file below, sorted, without the server's lock, the audit trail and the records of jobs. */
export async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory() && entry.name !== '.lock' && !/^audit[.-]/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return files.filter((file) => !file.startsWith('jobs/')).sort();
}
