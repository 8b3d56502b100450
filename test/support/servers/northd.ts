/**
 * A real ovn-northd for tests, with a southbound database of its own. Both are children of the
 * test that end when the test process does, however that ends.
 *
 * northd logs the same warning five times and then falls silent; here it is told not to, so that
 * warnings() misses nothing.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PlainClient } from '../clients/plain-client.js';
import { type ExactJson, isList, isObject, printExact } from '../judge/exact-json.js';
import { transact } from '../judge/judge.js';
import { installedSchema } from '../northbound/make.mjs';
import { problemOf, startDaemon } from '../programs/daemon.js';
import { type Program, run } from '../programs/programs.js';
import type { Release } from '../releases/release.js';
import { DEADLINE_MS, until } from '../until.js';
import { environment, startOvsdbServer, type TestServer } from './ovsdb-server.js';

const STOP_TIMEOUT_MS = 10_000;
export const SOUTHBOUND = 'OVN_Southbound';

export interface NorthdOptions {
  /** How long northd may take to answer. Default 30 s. */
  readonly startTimeoutMs?: number;
  /** Whose northd and Southbound it is. Default: the installed ones. */
  readonly release?: Release;
}

export interface SouthboundRow {
  readonly uuid: string;
  readonly tunnelKey: number;
}

/** The southbound schema of the installed OVN. */
export function southboundSchema(): string {
  const path = join(dirname(installedSchema()), 'ovn-sb.ovsschema');
  if (!existsSync(path)) throw new Error(`no Southbound schema at ${path}: install Debian's ovn-central`);
  return path;
}

/**
 * Starts a southbound ovsdb-server and northd between it and `nb`. It has begun to work when this
 * returns; synced() waits until it is done.
 * @param nb remote: one or, for a cluster, several addresses with commas between them
 * @throws Error with northd's log when it does not answer
 */
export async function startNorthd(nb: { readonly remote: string }, options: NorthdOptions = {}): Promise<TestNorthd> {
  const { release } = options;
  const database = release?.schema('ovn-sb') ?? southboundSchema();
  const southbound = await startOvsdbServer({ database, programs: release?.programs });
  const northd = new TestNorthd(nb.remote, southbound, release?.programs);
  try {
    await northd.start(options.startTimeoutMs ?? 30_000);
    return northd;
  } catch (error) {
    await northd.stop();
    throw error;
  }
}

export class TestNorthd implements AsyncDisposable {
  readonly logFile: string;
  private readonly controlSocket: string;
  private program: Program | undefined;
  /** Characters of the log that warnings() does not look at. */
  private marked = 0;
  private chassisCount = 0;

  /** Made by startNorthd. */
  constructor(
    private readonly nbRemote: string,
    private readonly southbound: TestServer,
    private readonly programs: string | undefined,
  ) {
    this.logFile = join(southbound.folder, 'northd.log');
    this.controlSocket = join(southbound.folder, 'northd.ctl');
  }

  get sbRemote(): string {
    return this.southbound.remote;
  }

  /** @throws Error when northd is not running */
  get pid(): number {
    const pid = this.running()?.pid;
    if (pid === undefined) throw new Error(`ovn-northd is not running: ${this.program?.stderr.trim() ?? ''}`);
    return pid;
  }

  /** Used by startNorthd. */
  async start(timeoutMs: number): Promise<void> {
    const words = [
      `--ovnnb-db=${this.nbRemote}`,
      `--ovnsb-db=${this.sbRemote}`,
      `--unixctl=${this.controlSocket}`,
      `--log-file=${this.logFile}`,
    ];
    // it begins paused: no warning comes before the limit on warnings is off
    const command = ['ovn-northd', ...words, '--dry-run', '-vconsole:off', '-vsyslog:off'];
    const { folder } = this.southbound;
    this.program = await startDaemon(command, this.environment({ OVS_RUNDIR: folder, OVN_RUNDIR: folder }));
    await this.resumed(this.program, timeoutMs);
  }

  /** Says something to northd as ovn-appctl does, such as `status` or `inc-engine/show-stats`. */
  async control(command: string, ...words: readonly string[]): Promise<string> {
    await using client = await PlainClient.open(`unix:${this.controlSocket}`);
    const answer = await client.request(command, words, 10_000);
    return typeof answer === 'string' ? answer : printExact(answer);
  }

  /**
   * Waits until everything that the Northbound holds now is in the Southbound, or with `hv` on every chassis too, as
   * `ovn-nbctl --wait=sb sync` does.
   * @throws Error with northd's log when it takes too long
   */
  async synced(target: 'sb' | 'hv' = 'sb'): Promise<void> {
    try {
      await run(
        'ovn-nbctl',
        [`--db=${this.nbRemote}`, `--timeout=${DEADLINE_MS / 1_000}`, `--wait=${target}`, 'sync'],
        { env: this.environment() },
      );
    } catch (error) {
      throw new Error(`northd was not done within ${DEADLINE_MS} ms\n${await this.logText()}`, { cause: error });
    }
  }

  async logText(): Promise<string> {
    try {
      return await readFile(this.logFile, 'utf8');
    } catch {
      return ''; // no log before the start
    }
  }

  /** warnings() leaves out what was logged until now. */
  async mark(): Promise<void> {
    this.marked = (await this.logText()).length;
  }

  /**
   * What northd has found fault with, since the start or the last mark(): "module|level|message", each
   * once, of level WARN, ERR and EMER, and INFO from the modules of COMPLAINING, which is how northd
   * speaks of an address that it cannot read. Call synced() before. Left out are only the modules of
   * UNRELATED, which know nothing of the configuration. northd does not read match expressions:
   * see unreadableFlows().
   */
  async warnings(): Promise<string[]> {
    const lines = (await this.logText()).slice(this.marked).split('\n');
    const found = lines.flatMap((line) => {
      const [, thread, level, message] = /^[^|]*\|\d+\|([^|]*)\|([^|]*)\|(.*)$/.exec(line) ?? [];
      const module = thread?.replace(/\(.*$/, ''); // "northd(thread2)"
      if (module === undefined || level === undefined || UNRELATED.has(module)) return [];
      return LEVELS.has(level) || (level === 'INFO' && COMPLAINING.has(module))
        ? [`${module}|${level}|${message ?? ''}`]
        : [];
    });
    return [...new Set(found)];
  }

  /**
   * Logical flows that a chassis would fail to read, as ovn-trace tells them: "match: reason", for a syntax
   * error or the name of a port group or an address set that does not exist. Needs a switch port.
   */
  async unreadableFlows(): Promise<string[]> {
    const port = (await this.select('Port_Binding', ['logical_port', 'datapath', 'type'])).find(
      ({ type }) => type === '',
    );
    if (port === undefined) return [];
    const words = [
      `--db=${this.sbRemote}`,
      '--minimal',
      '-vsyslog:off',
      '-vconsole:warn',
      uuidOf(port['datapath']),
      `inport == ${JSON.stringify(textOf(port['logical_port']))}`,
    ];
    const { stderr } = await run('ovn-trace', words, { env: this.environment(), maxBuffer: 1 << 28 });
    return [...new Set(stderr.split('\n').flatMap((line) => /\|ovntrace\|WARN\|(.*)$/.exec(line)?.[1] ?? []))];
  }

  /** UUID of each logical flow -> what it does: pipeline, table, priority, match and actions. */
  async logicalFlows(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.select('Logical_Flow', ['pipeline', 'table_id', 'priority', 'match', 'actions']);
    return new Map(
      rows.map((row) => [
        uuidOf(row['_uuid']),
        ['pipeline', 'table_id', 'priority', 'match', 'actions'].map((column) => textOf(row[column])).join(' | '),
      ]),
    );
  }

  /** Logical port -> its Port_Binding. */
  async portBindings(): Promise<ReadonlyMap<string, SouthboundRow>> {
    const rows = await this.select('Port_Binding', ['logical_port', 'tunnel_key']);
    return new Map(
      rows.map((row) => [
        textOf(row['logical_port']),
        { uuid: uuidOf(row['_uuid']), tunnelKey: Number(row['tunnel_key']) },
      ]),
    );
  }

  /** UUID of the Northbound switch or router -> its Datapath_Binding. */
  async datapaths(): Promise<ReadonlyMap<string, SouthboundRow>> {
    const rows = await this.select('Datapath_Binding', ['external_ids', 'tunnel_key']);
    return new Map(
      rows.map((row) => [
        northboundUuid(row['external_ids']),
        { uuid: uuidOf(row['_uuid']), tunnelKey: Number(row['tunnel_key']) },
      ]),
    );
  }

  /**
   * A chassis on paper: the rows that ovn-controller would write, and nobody behind them. northd takes
   * `hv_cfg` from the slowest chassis, and warns of chassis that are asked for and not there.
   */
  async addChassis(name: string, nbCfg = 0): Promise<void> {
    await transact(
      this.sbRemote,
      [
        {
          op: 'insert',
          table: 'Encap',
          'uuid-name': 'encap',
          row: { type: 'geneve', ip: `127.1.0.${++this.chassisCount}`, chassis_name: name },
        },
        {
          op: 'insert',
          table: 'Chassis',
          'uuid-name': 'chassis',
          row: { name, hostname: name, encaps: ['named-uuid', 'encap'] },
        },
        { op: 'insert', table: 'Chassis_Private', row: { name, chassis: ['named-uuid', 'chassis'], nb_cfg: nbCfg } },
      ],
      SOUTHBOUND,
    );
  }

  /** The chassis says that it has taken over everything up to this nb_cfg. */
  async setChassisCfg(name: string, nbCfg: number): Promise<void> {
    const row = { nb_cfg: nbCfg, nb_cfg_timestamp: Date.now() };
    await transact(
      this.sbRemote,
      [{ op: 'update', table: 'Chassis_Private', where: [['name', '==', name]], row }],
      SOUTHBOUND,
    );
  }

  /** The rows of a southbound table, in the protocol's notation, with `_uuid` and these columns. */
  async select(
    table: string,
    columns: readonly string[],
  ): Promise<readonly { readonly [column: string]: ExactJson }[]> {
    const [result] = await transact(
      this.sbRemote,
      [{ op: 'select', table, where: [], columns: ['_uuid', ...columns] }],
      SOUTHBOUND,
    );
    const rows = isObject(result) ? result['rows'] : undefined;
    if (!isList(rows)) throw new Error(`select of ${table} answered ${printExact(result ?? null)}`);
    return rows.filter(isObject);
  }

  /** northd stands still, and its connections stay open, until resume(). */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Ends northd and the southbound server, and removes their folder. May be called twice. */
  async stop(): Promise<void> {
    const program = this.running();
    if (program !== undefined) {
      program.kill('SIGTERM');
      program.kill('SIGCONT'); // a paused northd would keep SIGTERM waiting
      const timer = setTimeout(() => program.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await program.ended;
      clearTimeout(timer);
    }
    await this.southbound.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private environment(extra?: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    return environment(extra, this.programs);
  }

  private running(): Program | undefined {
    return this.program?.hasEnded === false ? this.program : undefined;
  }

  private async resumed(program: Program, timeoutMs: number): Promise<void> {
    let failure: unknown;
    const answers = async (): Promise<boolean> => {
      try {
        await this.control('vlog/disable-rate-limit');
        await this.control('resume');
        return true;
      } catch (error) {
        failure = error;
        return false;
      }
    };
    const isUp = await until(async () => {
      const isRunning = !program.hasEnded;
      return (isRunning && (await answers())) || (!isRunning && 'ended');
    }, timeoutMs).catch(() => undefined);
    if (isUp === true) return;
    const what =
      isUp === 'ended' ? `start: ${await problemOf(program, 'ovn-central')}` : `answer within ${timeoutMs} ms`;
    throw new Error(`ovn-northd did not ${what}\n${await this.logText()}`, { cause: failure });
  }
}

const LEVELS = new Set(['WARN', 'ERR', 'EMER']);
const COMPLAINING = new Set(['northd', 'ovn_util']);

/**
 * timeval and poll_loop complain of a slow machine; reconnect, jsonrpc, ovsdb_cs and stream modules of connections;
 * ovsdb_idl of tables that an older database lacks.
 */
const UNRELATED = new Set([
  'timeval',
  'poll_loop',
  'reconnect',
  'jsonrpc',
  'ovsdb_cs',
  'ovsdb_idl',
  'stream_unix',
  'stream_tcp',
  'stream_ssl',
  'socket_util',
]);

function uuidOf(value: ExactJson | undefined): string {
  const uuid = isList(value) ? value[1] : undefined;
  if (typeof uuid !== 'string') throw new Error(`not a UUID: ${printExact(value ?? null)}`);
  return uuid;
}

function textOf(value: ExactJson | undefined): string {
  return typeof value === 'string' ? value : printExact(value ?? null);
}

/** northd notes where a datapath comes from: external_ids:logical-switch or logical-router. */
function northboundUuid(externalIds: ExactJson | undefined): string {
  const pairs = isList(externalIds) && isList(externalIds[1]) ? externalIds[1] : [];
  for (const pair of pairs) {
    if (isList(pair) && (pair[0] === 'logical-switch' || pair[0] === 'logical-router')) return textOf(pair[1]);
  }
  throw new Error(`a datapath of no switch and no router: ${printExact(externalIds ?? null)}`);
}
