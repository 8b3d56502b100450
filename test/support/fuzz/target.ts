/**
 * What is fuzzed: the built server as a process of its own, on a small Northbound that differs a little from its
 * backups, and what must hold after every request. A restore that may happen does happen: then the database is put
 * back, and compared.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tokenWith } from '../clients/api-client.js';
import { compareDatabases, type DatabaseContent, dumpDatabase } from '../judge/judge.js';
import { databaseFile } from '../northbound/database-file.js';
import { serverEnvironment } from '../servers/api-server.js';
import { nbctl, startOvsdbServer, type TestServer } from '../servers/ovsdb-server.js';
import { type ServerProcess, spawnServer } from '../servers/server-process.js';
import type { Credentials } from './rest.js';
import type { Heard } from './socket.js';
import { bytesOf, exchange, type WireAnswer, type WireRequest } from './wire.js';

/** No answer, no line of a log and no file may hold it. */
export const KEY = 'fuzz-passphrase-Zq7/never-to-be-told';
/** Runtime state that a restore leaves to northd, and the counter that `sync` counts up. */
const RUNTIME = [
  'NB_Global.nb_cfg',
  'NB_Global.nb_cfg_timestamp',
  'NB_Global.sb_cfg',
  'NB_Global.sb_cfg_timestamp',
  'NB_Global.hv_cfg',
  'NB_Global.hv_cfg_timestamp',
  'Logical_Switch_Port.up',
  'Logical_Switch_Port.dynamic_addresses',
  'Logical_Switch_Port.tag',
  'Logical_Router_Port.ipv6_prefix',
  'Logical_Router_Port.status',
  'BFD.status',
  'Connection.is_connected',
  'Connection.status',
];
const COUNTERS = ['NB_Global.nb_cfg', 'NB_Global.nb_cfg_timestamp'];
const ENDED = new Set(['succeeded', 'failed', 'cancelled', 'undone']);
/** What no message for a person holds. */
const UGLY =
  /\bundefined\b|\[object |\bNaN\b|node_modules|Cannot read prop|is not a function|is not iterable|\b(?:Type|Range|Reference)Error\b|\bE(?:NOENT|ACCES|EXIST|ISDIR|NAMETOOLONG)\b|\/tmp\/|dist\/|\n\s+at /;
const MESSAGE_CHARACTERS_MAX = 4_100;

export interface Sent {
  readonly request: WireRequest;
  /** For counting. */
  readonly part: string;
}

export interface OwnAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
}

interface ListedRestore {
  readonly restore_id: string;
  readonly phase: string;
  readonly dry_run: boolean;
  readonly restored_count: number;
  readonly deleted_count: number;
}

export class FuzzTarget {
  /** Marks of ids: origin0 to origin3, home, spare, restore; key. */
  readonly ids: Record<string, string> = {};
  /** Requests of each part, with what they were answered. */
  readonly counts = new Map<string, Map<string, number>>();
  /** A message with its names and numbers left out -> one that came. */
  readonly messages = new Map<string, string>();
  readonly problems: string[] = [];
  problemCount = 0;
  slowestMs = 0;
  /** Bytes that a server took at most. */
  peak = 0;
  /** Restores that changed the database, and were put back. */
  putBacks = 0;
  private process!: ServerProcess;
  private port = 0;
  private restoresSeen = 0;
  /** All of it, as it is now. */
  private live: DatabaseContent = new Map();
  /** Without runtime state, as it must be after it was put back. */
  private home: DatabaseContent = new Map();

  private constructor(
    readonly ovsdb: TestServer,
    readonly folder: string,
    readonly token: string,
    readonly viewerToken: string,
    /** Notes a problem and goes on, instead of ending with the first. */
    private readonly keepsGoing: boolean,
  ) {}

  static async start(keepsGoing = false): Promise<FuzzTarget> {
    const ovsdb = await startOvsdbServer({ database: databaseFile({ profile: 'small', edge: true }) });
    const folder = await mkdtemp(join(tmpdir(), 'ovncp-fuzz-'));
    const target = new FuzzTarget(ovsdb, folder, await tokenWith(), await tokenWith('backups:read'), keepsGoing);
    try {
      await target.spawn();
      await target.prepare();
      return target;
    } catch (error) {
      await target.stop();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}`;
  }

  /** Sends a request, and looks at everything that must hold of any answer. */
  async send({ request, part }: Sent): Promise<WireAnswer | undefined> {
    const bytes = bytesOf(request);
    const { cutAt } = request;
    try {
      const answer = await exchange(
        this.port,
        cutAt === undefined ? bytes : bytes.subarray(0, cutAt),
        request.method === 'HEAD',
        cutAt !== undefined,
      );
      this.count(part, String(answer.status));
      this.slowestMs = Math.max(this.slowestMs, answer.ms);
      // Node hangs up on a CONNECT that nobody listens to
      this.check(answer, {
        mayHangUp: cutAt !== undefined || request.method === 'CONNECT',
        isGraphQL: request.target.startsWith('/graphql'),
      });
      return answer;
    } catch (error) {
      this.problem(`${(error as Error).message}\n  ${shown(bytes)}`);
      return undefined;
    }
  }

  /** A call of our own, which must be answered well. */
  async own(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<OwnAnswer> {
    const isBytes = Buffer.isBuffer(body);
    const sent = body === undefined ? {} : { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) };
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...headers },
      ...sent,
      signal: AbortSignal.timeout(30_000),
    }).catch((error: unknown) => {
      throw new Error(
        `${method} ${path} was not answered; the server ` +
          (this.process.hasEnded ? `ended: ${this.process.stderr.slice(-3_000)}` : 'runs'),
        { cause: error },
      );
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const isJson =
      (response.headers.get('content-type') ?? '').startsWith('application/json') &&
      response.headers.get('content-disposition') === null;
    this.checkSecrets(bytes.toString('latin1'), `${method} ${path}`);
    return {
      status: response.status,
      body: isJson ? (JSON.parse(bytes.toString()) as Record<string, unknown>) : {},
      bytes,
    };
  }

  /** Looks at the answer to a call of our own that may be an error. */
  checkAnswer(status: number, body: Readonly<Record<string, unknown>>): void {
    try {
      if (status >= 500) throw new Error(`status ${String(status)}: ${JSON.stringify(body).slice(0, 1_000)}`);
      if (status >= 400) this.checkError(body);
    } catch (error) {
      this.problem((error as Error).message);
    }
  }

  /** Notes what is wrong, or ends with it. */
  problem(text: string): void {
    this.problemCount++;
    if (!this.keepsGoing) throw new Error(text);
    this.problems.push(text);
  }

  count(part: string, answer: string): void {
    const counts = this.counts.get(part) ?? new Map<string, number>();
    this.counts.set(part, counts.set(answer, (counts.get(answer) ?? 0) + 1));
  }

  /** Notes one message of each kind. */
  note(message: string): void {
    const kind = message
      .replaceAll(/"[^"]*"/g, '"…"')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, '#')
      .replaceAll(/\d+/g, 'n')
      .slice(0, 80);
    if (this.messages.size < 2_000 && !this.messages.has(kind)) this.messages.set(kind, message);
  }

  /** The database holds what it held. */
  async unchanged(after: string): Promise<void> {
    const differences = compareDatabases(this.live, await dumpDatabase(this.ovsdb.remote, { leaveOut: COUNTERS }));
    if (differences.length === 0) return;
    this.problem(`the database changed: ${after}: ${differences.slice(0, 3).join('; ')}`);
    await this.putBack();
  }

  /**
   * Waits until what was started has ended, keeps what awaits confirmation, and puts the database back where it was
   * changed.
   */
  async settle(): Promise<void> {
    for (;;) {
      const { body } = await this.own('GET', '/api/v1/restores?limit=20');
      const [restores, total] = [body['restores'] as readonly ListedRestore[], body['total'] as number];
      const fresh = restores.slice(0, total - this.restoresSeen);
      const running = fresh.filter(({ phase }) => !ENDED.has(phase));
      for (const { restore_id: id, phase } of running)
        if (phase === 'awaiting_confirmation') await this.own('POST', `/api/v1/restores/${id}/confirm`);
      if (running.length === 0) {
        this.restoresSeen = total;
        this.ids['restore'] = restores[0]?.restore_id ?? '';
        if (
          fresh.some(
            (restore) =>
              !restore.dry_run && restore.phase !== 'failed' && restore.restored_count + restore.deleted_count > 0,
          )
        )
          await this.putBack();
        return;
      }
      await delay(5);
    }
  }

  /** Restores the database as it was at first, and compares. */
  async putBack(): Promise<void> {
    this.putBacks++;
    const { status, body } = await this.own('POST', `/api/v1/backups/${this.ids['home'] ?? ''}/restore`, {
      conflict_policy: 'overwrite',
      exact: true,
      force: true,
    });
    this.restoresSeen = (await this.own('GET', '/api/v1/restores?limit=1')).body['total'] as number;
    const differences = compareDatabases(this.home, await dumpDatabase(this.ovsdb.remote, { leaveOut: RUNTIME }));
    this.live = await dumpDatabase(this.ovsdb.remote, { leaveOut: COUNTERS });
    if (status !== 200 || differences.length > 0)
      this.problem(
        `the database could not be put back: ${String(status)} ${JSON.stringify(body).slice(0, 600)} ` +
          differences.slice(0, 3).join('; '),
      );
  }

  /** Deletes the backups that requests have made, and makes those that were deleted. */
  async tidy(): Promise<void> {
    const { backups } = (await this.own('GET', '/api/v1/backups')).body as { backups: readonly { id: string }[] };
    const kept = new Set(Object.values(this.ids));
    for (const { id } of backups) if (!kept.has(id)) await this.own('DELETE', `/api/v1/backups/${id}`);
    if (!backups.some(({ id }) => id === this.ids['spare'])) await this.makeSpare();
  }

  /** A backup that may be deleted. */
  async makeSpare(): Promise<void> {
    this.ids['spare'] = await this.backup({ name: 'spare' });
  }

  /** Stops the server, lets something happen to its files, and starts it again. */
  async restart(meanwhile: () => Promise<void>): Promise<void> {
    await this.measure();
    await this.process.kill('SIGTERM');
    this.checkLog();
    await meanwhile();
    await this.spawn();
  }

  /** What must hold at the end. */
  async end(): Promise<void> {
    await this.settle();
    await this.tidy();
    await this.unchanged('at the end');
    const left = (await readdir(this.folder, { recursive: true })).filter(
      (name) => /^(?:incoming|scratch)\/./.test(name) || name.endsWith('.tmp'),
    );
    if (left.length > 0) this.problem(`left behind: ${left.slice(0, 5).join(', ')}`);
    for (const name of await readdir(this.folder, { recursive: true })) {
      if (/\.(?:meta|json|jsonl|log)$/.test(name))
        this.checkSecrets(await readFile(join(this.folder, name), 'latin1'), name);
    }
    this.checkLog();
    for (const id of ['origin0', 'origin1', 'origin2', 'origin3', 'home']) {
      const { body } = await this.own('POST', '/api/v1/backups/validate', {
        backup_id: this.ids[id],
        ...(id === 'origin3' ? { decryption_key: KEY } : {}),
      });
      if (body['valid'] !== true) this.problem(`${id} is not valid at the end: ${JSON.stringify(body)}`);
    }
    await this.measure();
  }

  /** Tokens and ids for a request; for one that deletes, ids of which none is needed any more. */
  credentials(isDelete: boolean): Credentials {
    const { token, viewerToken, ids } = this;
    const spare = Object.fromEntries(
      Object.entries(ids).map(([name, id]) => [name, /^(?:origin|home)/.test(name) ? (ids['spare'] ?? id) : id]),
    );
    return { token, viewerToken, ids: isDelete ? spare : ids };
  }

  /** Looks at what came over a socket. */
  checkHeard({ messages, closed }: Heard, text: string): void {
    this.count('sockets', closed === undefined ? 'answered' : `closed ${String(closed.code)}`);
    this.checkSecrets(messages.join('\n') + (closed?.reason ?? ''), 'the socket');
    // 1011 and 4500: an internal error
    if (closed?.code === 1011 || closed?.code === 4500)
      this.problem(`the socket was closed with ${String(closed.code)} ${closed.reason}: ${text.slice(0, 2_000)}`);
    for (const message of messages) {
      const { type, payload } = JSON.parse(message) as { type: string; payload?: unknown };
      const errors = type === 'error' ? payload : (payload as { errors?: unknown } | null | undefined)?.errors;
      if (!Array.isArray(errors) || (type !== 'error' && type !== 'next')) continue;
      try {
        this.checkError({ errors });
      } catch (error) {
        this.problem(`${(error as Error).message}: ${text.slice(0, 2_000)}`);
      }
    }
  }

  /** All that was counted, for whoever runs it by hand. */
  report(total: number): string {
    const parts = [...this.counts].map(
      ([part, counts]) =>
        `${part}: ${[...counts]
          .sort()
          .map(([answer, n]) => `${answer} x${String(n)}`)
          .join(', ')}`,
    );
    const messages = [...this.messages.values()]
      .sort()
      .map((message) => `  ${message.slice(0, 400).replaceAll(/\p{Cc}/gu, '?')}`);
    return [
      `${String(total)} inputs, slowest ${this.slowestMs.toFixed(0)} ms, ${String(this.putBacks)} restores put ` +
        `back, memory at most ${String(this.peak >> 20)} MB`,
      ...parts,
      'Messages:',
      ...messages,
      `Problems: ${String(this.problems.length)}`,
      ...this.problems.map((problem) => `- ${problem}`),
      '',
    ].join('\n');
  }

  async stop(): Promise<void> {
    await (this.process as ServerProcess | undefined)?.[Symbol.asyncDispose]();
    await this.ovsdb.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Looks at what the server has logged so far, and forgets it. */
  checkLog(): void {
    const { stderr } = this.process;
    const stdout = this.process.takeStdout();
    this.checkSecrets(stdout + stderr, 'the log');
    for (const line of stdout.split('\n'))
      if (/^\{"level":"(?:error|fatal)"/.test(line)) this.problem(`the log has an error: ${line.slice(0, 1_500)}`);
  }

  private async measure(): Promise<void> {
    const status = await readFile(`/proc/${String(this.process.pid)}/status`, 'utf8');
    this.peak = Math.max(this.peak, 1_024 * Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]));
  }

  private async spawn(): Promise<void> {
    this.process = await spawnServer({
      ...serverEnvironment(this.ovsdb.remote, this.folder),
      OVNCP_SYNC_SECONDS_MAX: '1',
      OVNCP_UPLOAD_BYTES_MAX: String(4 << 20),
    });
    this.port = Number(new URL((await this.process.listening()).url).port);
  }

  private async prepare(): Promise<void> {
    const { remote } = this.ovsdb;
    this.ids['key'] = KEY;
    this.ids['origin0'] = await this.backup({ name: 'origin' });
    this.ids['origin1'] = await this.backup({ name: 'origin', format: 'yaml', compress: true, tags: ['daily'] });
    this.ids['origin2'] = await this.backup({ name: 'origin', format: 'ovsdb' });
    this.ids['origin3'] = await this.backup({ name: 'origin', compress: true, encrypt: true, encryption_key: KEY });
    await nbctl(
      remote,
      'ls-add',
      'since',
      '--',
      'lsp-add',
      'since',
      'since-port',
      '--',
      'set',
      'Logical_Switch',
      'ls-b',
      'external_ids:since=1',
    );
    this.ids['home'] = await this.backup({ name: 'home' });
    await this.makeSpare();
    this.ids['nobody'] = '00000000-0000-4000-8000-000000000000';
    await this.own('POST', `/api/v1/backups/${this.ids['origin0']}/restore`, { dry_run: true });
    this.live = await dumpDatabase(remote, { leaveOut: COUNTERS });
    this.home = await dumpDatabase(remote, { leaveOut: RUNTIME });
    await this.settle();
  }

  private async backup(body: Readonly<Record<string, unknown>>): Promise<string> {
    const answer = await this.own('POST', '/api/v1/backups', body);
    if (answer.status !== 201) throw new Error(`no backup: ${JSON.stringify(answer.body)}`);
    return (answer.body['backup'] as { id: string }).id;
  }

  private check(
    { status, headers, body }: WireAnswer,
    { mayHangUp, isGraphQL }: { readonly mayHangUp: boolean; readonly isGraphQL: boolean },
  ): void {
    if (status === undefined) {
      if (!mayHangUp) throw new Error('the server hung up without a word');
      return;
    }
    if (status >= 500) throw new Error(`status ${String(status)}: ${body.toString().slice(0, 1_000)}`);
    const text = body.toString('latin1');
    this.checkSecrets(text + [...headers.values()].join('\n'), 'the answer');
    if (headers.get('x-request-id') === undefined && status !== 101)
      throw new Error(`status ${String(status)} without X-Request-ID`);
    if (headers.has('x-injected')) throw new Error('a header was injected');
    if (body.length === 0 || (status < 400 && !(isGraphQL && text.includes('"errors":[{')))) return;
    const answer = JSON.parse(body.toString()) as Record<string, unknown>;
    if (status >= 400 || answer['errors'] !== undefined) this.checkError(answer);
  }

  /** An error in REST or in GraphQL: with a code, an id, and a message for a person. */
  private checkError(answer: Readonly<Record<string, unknown>>): void {
    const rest =
      typeof answer['error'] === 'string'
        ? [{ message: answer['error'], code: answer['code'], id: answer['request_id'] }]
        : [];
    const list = (answer['errors'] ?? []) as readonly {
      message: string;
      extensions?: { code?: unknown; requestId?: unknown };
    }[];
    const errors = [
      ...rest,
      ...list
        .filter(({ extensions }) => extensions !== undefined)
        .map(({ message, extensions }) => ({ message, code: extensions?.code, id: extensions?.requestId })),
    ];
    if (errors.length === 0 && list.length === 0)
      throw new Error(`an error without a word: ${JSON.stringify(answer).slice(0, 500)}`);
    for (const { message, code, id } of errors) {
      this.note(`${String(code)}: ${message}`);
      if (code === 'INTERNAL' || typeof code !== 'string' || typeof id !== 'string')
        throw new Error(`code ${String(code)}, request id ${String(id)}: ${message}`);
      if (UGLY.test(message)) throw new Error(`an ugly message: ${message.slice(0, 1_000)}`);
      if (message.length > MESSAGE_CHARACTERS_MAX)
        throw new Error(`a message of ${String(message.length)} characters: ${message.slice(0, 300)}`);
    }
  }

  private checkSecrets(text: string, where: string): void {
    for (const secret of [KEY, this.token, this.viewerToken])
      if (text.includes(secret))
        this.problem(
          `${where} holds a secret: ` +
            text.slice(Math.max(0, text.indexOf(secret) - 300), text.indexOf(secret) + secret.length),
        );
  }
}

export function shown(bytes: Buffer): string {
  return JSON.stringify(
    bytes
      .toString('latin1')
      .replaceAll(/(.)\1{99,}/g, '$1…')
      .slice(0, 3_000)
      .replace(/(authorization: bearer )\S+/i, '$1…'),
  );
}
