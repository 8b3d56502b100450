/**
 * A real RAFT cluster of ovsdb-servers for tests: every member as test/support/servers/ovsdb-server.ts runs one,
 * in a folder of its own, so that all of them end when the test process does. Clients come by unix
 * sockets, the members to each other by tcp on 127.0.0.1. Members are numbered from 0.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlainClient } from '../clients/plain-client.js';
import { installedSchema } from '../northbound/make.mjs';
import { run } from '../programs/programs.js';
import { until } from '../until.js';
import { environment, type ServerTls, TestServer } from './ovsdb-server.js';

const STATUS_TIMEOUT_MS = 5_000;
/** Below what systems give to outgoing connections, which could take a port between its choice and its use. */
const PORT_FIRST = 20_000;
const PORT_COUNT = 12_000;

export interface ClusterOptions {
  /** A standalone database file or an .ovsschema. Default: the installed Northbound schema. */
  readonly database?: string;
  /** Default 3. */
  readonly members?: number;
  /** Default 1000, which is ovsdb-server's own. */
  readonly electionTimerMs?: number;
  /** With it the members also listen for clients by ssl: see sslRemotes. */
  readonly tls?: ServerTls;
  /** How long until all members follow one leader. Default 60 s. */
  readonly startTimeoutMs?: number;
  /** The folder of another release's programs (test/support/releases). Default: those that are installed. */
  readonly programs?: string | undefined;
}

/** What a member says of itself (cluster/status of ovsdb-server(1)). */
export interface MemberStatus {
  /** The first four digits of its server id. */
  readonly id: string;
  readonly isMember: boolean;
  readonly role: string;
  readonly term: number;
  /** The id of the leader, of itself too; 'unknown' without one. */
  readonly leader: string;
}

/**
 * Starts a cluster and waits until a leader exists and all follow it.
 * @throws Error with what the members say when that takes too long
 */
export async function startOvsdbCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'ovncp-cluster-test-'));
  const cluster = new TestCluster(folder, options);
  try {
    await cluster.create(options);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

export class TestCluster implements AsyncDisposable {
  readonly servers: readonly TestServer[];
  private readonly stopped = new Set<number>();
  private readonly paused = new Set<number>();
  private database = '';

  /** Made by startOvsdbCluster. */
  constructor(
    readonly folder: string,
    { members = 3, tls, programs }: ClusterOptions,
  ) {
    const options = { programs, ...(tls === undefined ? {} : { listen: 'ssl' as const, tls }) };
    this.servers = Array.from(
      { length: members },
      (_, n) => new TestServer(join(folder, `member-${String(n)}`), options),
    );
  }

  /** All members in ovn-nbctl's notation, separated by commas. */
  get remotes(): string {
    return this.servers.map(({ unixRemote }) => unixRemote).join(',');
  }

  /** The same by ssl, of a cluster with tls. */
  get sslRemotes(): string {
    return this.servers.map(({ remote }) => remote).join(',');
  }

  remote(member: number): string {
    return this.server(member).unixRemote;
  }

  /** The leader's number; waits for one that is neither paused nor killed. @throws Error after 30 s without one */
  async leader(): Promise<number> {
    return this.reaches('has no leader', 30_000, async () => {
      const leaders = (await this.answering()).filter(([, { role }]) => role === 'leader');
      // one that was paused or cut off may still take itself for the leader of an earlier term
      return leaders.sort(([, a], [, b]) => b.term - a.term)[0]?.[0];
    });
  }

  /** The latest term that a member knows. */
  async term(): Promise<number> {
    return Math.max(...(await this.answering()).map(([, { term }]) => term));
  }

  /**
   * Waits until one member leads and all that are running and not paused follow it.
   * @throws Error that says how it stands
   */
  async settled(timeoutMs = 60_000): Promise<number> {
    let looks = 0;
    return this.reaches('does not settle', timeoutMs, async () => {
      const answers = await this.answering();
      const leader = answers.find(([, { role }]) => role === 'leader');
      const expected = this.servers.length - this.stopped.size - this.paused.size;
      const isSettled =
        leader !== undefined &&
        answers.length === expected &&
        answers.every(
          ([, status]) =>
            status.isMember &&
            status.term === leader[1].term &&
            (status.leader === 'self' ? status.role === 'leader' : status.leader === leader[1].id),
        );
      looks = isSettled ? looks + 1 : 0;
      return looks >= 3 ? leader?.[0] : undefined;
    });
  }

  /** What a member says, undefined when it is killed, paused, or not there yet. */
  async status(member: number): Promise<MemberStatus | undefined> {
    if (this.stopped.has(member) || this.paused.has(member)) return undefined;
    try {
      await using client = await PlainClient.open(
        `unix:${join(this.server(member).folder, 'server.ctl')}`,
        STATUS_TIMEOUT_MS,
      );
      const text = String(await client.request('cluster/status', [this.database], STATUS_TIMEOUT_MS));
      const field = (name: string): string => new RegExp(`^${name}: *(.*)$`, 'm').exec(text)?.[1] ?? '';
      return {
        id: field('Server ID').slice(0, 4),
        isMember: field('Status') === 'cluster member',
        role: field('Role'),
        term: Number(field('Term')),
        leader: field('Leader'),
      };
    } catch {
      return undefined;
    }
  }

  /** The member stops answering, and its connections stay open, until resume(). */
  pause(member: number): void {
    this.paused.add(member);
    this.server(member).pause();
  }

  resume(member: number): void {
    this.server(member).resume();
    this.paused.delete(member);
  }

  /** Ends the member at once; its file stays, so that start() can follow. */
  async kill(member: number): Promise<void> {
    this.stopped.add(member);
    this.paused.delete(member);
    await this.server(member).kill();
  }

  /** Starts a member again after kill(). It may not have found the others yet: see settled(). */
  async start(member: number): Promise<void> {
    await this.server(member).start();
    this.stopped.delete(member);
  }

  /** Ends all members and removes their files. May be called twice. */
  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()));
    await rm(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Called by startOvsdbCluster. */
  async create({
    database = installedSchema(),
    electionTimerMs = 1_000,
    startTimeoutMs = 60_000,
    programs,
  }: ClusterOptions): Promise<void> {
    const ports = await freePorts(this.servers.length);
    const address = (member: number): string => `tcp:127.0.0.1:${String(ports[member])}`;
    // a cluster stores ephemeral columns too, and ovsdb-tool warns of it
    const tool = async (...words: readonly string[]): Promise<string> =>
      (
        await run('ovsdb-tool', ['-vconsole:err', ...words], { env: environment({}, programs), timeout: 60_000 })
      ).stdout.trim();
    for (const [member, server] of this.servers.entries()) {
      await mkdir(server.folder);
      if (member === 0) {
        await tool(
          `--election-timer=${String(electionTimerMs)}`,
          'create-cluster',
          server.databaseFile,
          database,
          address(0),
        );
        this.database = await tool('db-name', server.databaseFile);
      } else {
        await tool('join-cluster', server.databaseFile, this.database, address(member), address(0));
      }
      await server.start();
    }
    await this.settled(startTimeoutMs);
  }

  private server(member: number): TestServer {
    const server = this.servers[member];
    if (server === undefined) throw new Error(`this cluster has no member ${String(member)}`);
    return server;
  }

  private async answering(): Promise<(readonly [number, MemberStatus])[]> {
    const all = await Promise.all(this.servers.map(async (_, member) => [member, await this.status(member)] as const));
    return all.filter((answer): answer is [number, MemberStatus] => answer[1] !== undefined);
  }

  private async reaches<T>(complaint: string, timeoutMs: number, look: () => Promise<T | undefined>): Promise<T> {
    return until(look, timeoutMs).catch(async (error: unknown) => {
      throw new Error(`the cluster ${complaint}: ${JSON.stringify(await this.answering())}`, { cause: error });
    });
  }
}

/** Ports that nobody listens on, chosen at random, so that tests that run at the same time hardly ever meet. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = PORT_FIRST + Math.floor(Math.random() * PORT_COUNT);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => {
        resolve(false);
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(true);
      });
    });
    await new Promise((resolve) => {
      server.close(resolve);
    });
    if (isFree) ports.add(port);
  }
  return [...ports];
}
