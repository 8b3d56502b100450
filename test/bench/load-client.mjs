// One client of the load (load.mjs): a connection that is kept alive, a socket for subscriptions, and what it does with
// them. Everything that comes back is checked; what is not as it must be is thrown.

import { createHash } from 'node:crypto';
import { Agent, request } from 'node:http';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const BACKUPS = '/api/v1/backups';
const LISTED = 20;
const OWN_MAX = 4;
const ANSWER_TIMEOUT_MS = 120_000;
const ENDED = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);

const LIST =
  'query($tags: [String!], $first: Int) { backups(filter: {tags: $tags}, first: $first) { totalCount nodes { id ' +
  'name createdAt size tags } pageInfo { hasNextPage endCursor } } }';
const GET =
  'query($id: ID!) { backup(id: $id) { id name createdAt createdBy size checksum contentDigest rowCount tags ' +
  'tables { table rows } } }';
const CREATE =
  'mutation($input: CreateBackupInput!) { createBackup(input: $input) { id rowCount compressed size checksum } }';
const START = 'mutation($input: CreateBackupInput!) { startBackup(input: $input) { id phase } }';
const PROGRESS =
  'subscription($id: ID!) { backupProgress(jobId: $id) { phase fraction rows message backup { id rowCount } error ' +
  '{ message } } }';
const ACTIVITY =
  'subscription { restoreActivity { restoreId phase fraction message result { success restoredCount } } }';

/** @param what is told when it does not hold */
export function must(holds, what) {
  if (!holds) throw new Error(what);
}

export class Connection {
  constructor(url, token) {
    this.url = new URL(url);
    this.token = token;
    this.agent = new Agent({ keepAlive: true, maxSockets: 1 });
  }

  /** Resolves to { status, headers, bytes } once the whole answer is here. */
  send(method, path, body) {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      authorization: `Bearer ${this.token}`,
      ...(bytes === undefined ? {} : { 'content-type': 'application/json', 'content-length': bytes.length }),
    };
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent: this.agent,
          host: this.url.hostname,
          port: this.url.port,
          method,
          path,
          headers,
          timeout: ANSWER_TIMEOUT_MS,
        },
        (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode, headers: response.headers, bytes: Buffer.concat(chunks) }),
          );
          response.on('error', reject);
        },
      );
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${String(ANSWER_TIMEOUT_MS)} ms`)));
      sent.on('error', reject);
      sent.end(bytes);
    });
  }

  /** The body of an answer that must have this status. */
  async rest(method, path, { status = 200, body } = {}) {
    const answer = await this.send(method, path, body);
    must(
      answer.status === status,
      `${method} ${path}: status ${String(answer.status)}: ${answer.bytes.toString().slice(0, 500)}`,
    );
    return JSON.parse(answer.bytes.toString());
  }

  async graphql(query, variables) {
    const { data, errors } = await this.rest('POST', '/graphql', { body: { query, variables } });
    must(errors === undefined, `GraphQL: ${JSON.stringify(errors)}`);
    return data;
  }

  close() {
    this.agent.destroy();
  }
}

export class LoadClient {
  /** @param shared url, token, rows (of a backup), seeds (backups that nobody deletes), random() from 0 to 1 */
  constructor(number, shared) {
    this.number = number;
    this.shared = shared;
    this.connection = new Connection(shared.url, shared.token);
    /** Ids of backups that only this client deletes, oldest first. */
    this.own = [];
    /** Of restores whose end it has seen. */
    this.ended = new Set();
    this.events = 0;
  }

  /** Opens the socket. With `watches` the client follows every restore from now on. */
  async open({ watches }) {
    const { url, token } = this.shared;
    this.socket = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      lazy: false,
      connectionParams: { authorization: `Bearer ${token}` },
      onNonLazyError: (error) => {
        this.socketError = error;
      },
    });
    await new Promise((resolve, reject) => {
      this.socket.on('connected', resolve);
      this.socket.on('closed', (event) =>
        reject(new Error(`the socket was closed: ${String(event.code)} ${String(event.reason)}`)),
      );
    });
    if (!watches) return;
    this.watching = (async () => {
      for await (const { data, errors } of this.socket.iterate({ query: ACTIVITY })) {
        must(errors === undefined && data.restoreActivity.fraction >= 0, `restoreActivity: ${JSON.stringify(errors)}`);
        const { restoreId, phase, result } = data.restoreActivity;
        this.events++;
        if (!ENDED.has(phase)) continue;
        must(result.success, `restoreActivity: ${JSON.stringify(data.restoreActivity)}`);
        this.ended.add(restoreId);
      }
    })();
    // it is looked at when the socket closes
    this.watching.catch(() => undefined);
  }

  /** Closes everything. Throws what watching has met. */
  async close() {
    await this.socket?.dispose();
    this.connection.close();
    await this.watching;
    if (this.socketError !== undefined) throw new Error('the socket was closed', { cause: this.socketError });
  }

  get input() {
    return { name: `load ${String(this.number)}`, compress: true, tags: ['load', `client-${String(this.number)}`] };
  }

  /** One that nobody deletes meanwhile. */
  any() {
    const { seeds, random } = this.shared;
    const owned = this.own.length > 0 && random() < 0.3 ? this.own[Math.floor(random() * this.own.length)] : undefined;
    return owned ?? seeds[Math.floor(random() * seeds.length)];
  }

  checkMade({ id, rowCount }) {
    must(Number(rowCount) === this.shared.rows, `a backup has ${String(rowCount)} rows`);
    this.own.push(id);
  }

  async listRest() {
    const { backups, total } = await this.connection.rest(
      'GET',
      `${BACKUPS}?tag=seed&tag=load&limit=${String(LISTED)}`,
    );
    must(
      backups.length === Math.min(LISTED, total) && total >= this.shared.seeds.length,
      `a list of ${String(backups.length)} of ${String(total)}`,
    );
    must(
      backups.every(({ created_at: at }, i) => i === 0 || at <= backups[i - 1].created_at),
      'a list is not newest first',
    );
  }

  /** As the scripts do. */
  async listEverything() {
    const { backups, total } = await this.connection.rest('GET', BACKUPS);
    must(backups.length === total, `a list of ${String(backups.length)} of ${String(total)}`);
    const ids = new Set(backups.map(({ id }) => id));
    must(
      this.own.every((id) => ids.has(id)),
      'a backup that was made is not in the list',
    );
  }

  async listGraphql() {
    const { nodes, totalCount, pageInfo } = (await this.connection.graphql(LIST, { tags: null, first: LISTED }))
      .backups;
    must(
      nodes.length === Math.min(LISTED, totalCount) && pageInfo.hasNextPage === totalCount > LISTED,
      'a page is not whole',
    );
  }

  async readRest() {
    const id = this.any();
    const backup = await this.connection.rest('GET', `${BACKUPS}/${id}`);
    must(backup.id === id && backup.row_count === this.shared.rows, 'another backup than was asked for');
  }

  async readGraphql() {
    const id = this.any();
    const { backup } = await this.connection.graphql(GET, { id });
    must(
      backup.id === id && backup.tables.reduce((sum, { rows }) => sum + Number(rows), 0) === this.shared.rows,
      'another backup than was asked for',
    );
  }

  async createRest() {
    const { backup } = await this.connection.rest('POST', BACKUPS, { status: 201, body: this.input });
    this.checkMade({ id: backup.id, rowCount: backup.row_count });
  }

  async createGraphql() {
    this.checkMade((await this.connection.graphql(CREATE, { input: this.input })).createBackup);
  }

  async createWatched() {
    const { id } = (await this.connection.graphql(START, { input: this.input })).startBackup;
    let last;
    for await (const { data, errors } of this.socket.iterate({ query: PROGRESS, variables: { id } })) {
      must(errors === undefined, `backupProgress: ${JSON.stringify(errors)}`);
      must(last === undefined || data.backupProgress.fraction >= last.fraction, 'progress falls');
      last = data.backupProgress;
    }
    must(last?.phase === 'SUCCEEDED', `backupProgress ended with ${JSON.stringify(last)}`);
    this.checkMade(last.backup);
  }

  async export() {
    const { id, contentDigest, contentSize } = this.shared.seed();
    const { status, bytes, headers } = await this.connection.send('GET', `${BACKUPS}/${id}/export`);
    must(
      status === 200 && bytes.length === contentSize && Number(headers['content-length']) === contentSize,
      `an export of ${String(bytes.length)} bytes, status ${String(status)}`,
    );
    must(bytes.subarray(-200).includes(contentDigest), 'an export is not of the backup, or not whole');
  }

  async exportRaw() {
    const { id, checksum } = this.shared.seed();
    const { status, bytes } = await this.connection.send('GET', `${BACKUPS}/${id}/export?raw=true`);
    must(
      status === 200 && `sha256:${createHash('sha256').update(bytes).digest('hex')}` === checksum,
      `a stored file is not as its checksum says, status ${String(status)}`,
    );
  }

  async validate() {
    const { valid, content_checked: isChecked } = await this.connection.rest('POST', `${BACKUPS}/validate`, {
      body: { backup_id: this.any() },
    });
    must(valid && isChecked, 'a backup is not valid');
  }

  async dryRun() {
    const {
      success,
      dry_run: isDry,
      restored_count: restored,
      skipped_count: skipped,
      restore_id: id,
    } = await this.connection.rest('POST', `${BACKUPS}/${this.any()}/restore`, {
      body: { dry_run: true, conflict_policy: 'overwrite' },
    });
    must(
      success && isDry && restored === 0 && skipped === this.shared.rows,
      `a dry run restored ${String(restored)} and skipped ${String(skipped)}`,
    );
    this.shared.dryRuns.add(id);
  }

  /** Its oldest; none while it has few. */
  async delete() {
    if (this.own.length <= OWN_MAX / 2) return this.readRest();
    const id = this.own.shift();
    await this.connection.rest('DELETE', `${BACKUPS}/${id}`);
    await this.connection.rest('GET', `${BACKUPS}/${id}`, { status: 404 });
  }

  async ready() {
    await this.connection.rest('GET', '/readyz');
  }
}

/** What clients do, and how often, in parts of the whole. Of a hundred, five make a backup. */
export const MIX = {
  listRest: 25,
  listEverything: 1,
  listGraphql: 20,
  readRest: 16,
  readGraphql: 15,
  ready: 3,
  createRest: 2,
  createGraphql: 1.5,
  createWatched: 1.5,
  delete: 4,
  export: 3,
  exportRaw: 4,
  validate: 2,
  dryRun: 2,
};
