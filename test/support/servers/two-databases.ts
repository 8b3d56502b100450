/**
 * A server of two databases, `alpha` and `bravo`, which is the default one, and tokens that are limited to one of them.
 * Whatever is of bravo has MARK in its name; whatever is made of it is told apart by its ids.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWTPayload } from 'jose';
import { ApiClient, tokenOf } from '../clients/api-client.js';
import { startApiServer, type TestApi } from './api-server.js';
import { nbctl, startOvsdbServer, type TestServer } from './ovsdb-server.js';

/** In every name that is of bravo. */
export const MARK = 'zulu';

export class TwoDatabases {
  private constructor(
    readonly api: TestApi,
    readonly alpha: TestServer,
    readonly bravo: TestServer,
    private readonly folder: string,
  ) {}

  static async start(): Promise<TwoDatabases> {
    const [alpha, bravo] = [await startOvsdbServer(), await startOvsdbServer()];
    await nbctl(alpha.remote, 'ls-add', 'ours');
    await nbctl(bravo.remote, 'ls-add', `${MARK}-switch`);
    const folder = await mkdtemp(join(tmpdir(), 'ovncp-two-'));
    const file = join(folder, 'ovncp.yaml');
    const databases = [
      { id: 'alpha', remotes: alpha.remote },
      { id: 'bravo', remotes: bravo.remote, default: true },
    ];
    await writeFile(file, JSON.stringify({ databases }), { mode: 0o600 });
    const api = await startApiServer({ env: { OVN_NB_DB: undefined, OVNCP_CONFIG: file } });
    return new TwoDatabases(api, alpha, bravo, folder);
  }

  /** Of a token that is limited to these; of all where none are given. */
  async as(databases?: readonly string[], claims: JWTPayload = {}): Promise<ApiClient> {
    const sub = databases === undefined ? 'everywhere' : `only ${databases.join(' and ')}`;
    const limits = databases === undefined ? {} : { databases };
    return new ApiClient(this.api.url, await tokenOf({ sub, permissions: ['admin'], ...limits, ...claims }));
  }

  async stop(): Promise<void> {
    await this.api.stop();
    await Promise.all([this.alpha.stop(), this.bravo.stop()]);
    await rm(this.folder, { recursive: true, force: true });
  }
}
