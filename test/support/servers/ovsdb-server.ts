/**
 * A real ovsdb-server for tests: each in a folder of its own under the system's temporary
 * folder, on a copy of the database, as a child of the test that ends when the test process
 * does, however that ends.
 */
import { copyFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlainClient } from '../clients/plain-client.js';
import { NORTHBOUND } from '../judge/judge.js';
import { installedSchema } from '../northbound/make.mjs';
import { problemOf, startDaemon } from '../programs/daemon.js';
import { type Program, run, runForBytes } from '../programs/programs.js';
import { DEADLINE_MS, until } from '../until.js';

const STOP_TIMEOUT_MS = 10_000;

export interface ServerTls {
  readonly privateKey: string;
  readonly certificate: string;
  /** Clients must show a certificate of this authority. */
  readonly caCertificate: string;
}

export interface ServerOptions {
  /**
   * A database file, which is copied, or an .ovsschema for an empty database. Default: the installed Northbound schema.
   */
  readonly database?: string;
  /** Where `remote` points. A unix socket is there in any case. Default unix. */
  readonly listen?: 'unix' | 'tcp' | 'ssl';
  /** Needed by listen: 'ssl'. */
  readonly tls?: ServerTls;
  /** The server has no database of its own, and serves that of another one: the remote of its source. */
  readonly relayOf?: string;
  /** The server copies the database of another one, its active server, and takes no writes: the remote of that one. */
  readonly standbyOf?: string;
  /** Words of a command that runs the server in its place. */
  readonly wrapper?: readonly string[];
  /** How long the server may take to read the database and answer. Default two minutes. */
  readonly startTimeoutMs?: number;
  /** The folder of another release's programs (test/support/releases). Default: those that are installed. */
  readonly programs?: string | undefined;
}

/**
 * The environment of a child, with the folders where Debian keeps daemons, which an ordinary user's PATH lacks.
 * @param programs a folder whose programs come before those that are installed
 */
export function environment(extra: Readonly<Record<string, string>> = {}, programs?: string): NodeJS.ProcessEnv {
  const before = programs === undefined ? '' : `${programs}:`;
  return {
    ...process.env,
    PATH: `${before}${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`,
    ...extra,
  };
}

/**
 * Starts a server and waits until it answers.
 * @throws Error with the server's log when it does not
 */
export async function startOvsdbServer(options: ServerOptions = {}): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'ovncp-test-'));
  const server = new TestServer(folder, options);
  try {
    if (options.relayOf === undefined)
      await createDatabase(options.database ?? installedSchema(), server.databaseFile, options.programs);
    await server.start();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Whose ovsdb-tool and the text of a schema -> the empty database, always the same: made once in a process. */
const emptyDatabases = new Map<string, Promise<Buffer>>();

async function createDatabase(source: string, target: string, programs?: string): Promise<void> {
  const file = await open(source);
  const head = Buffer.alloc(6);
  await file.read(head, 0, head.length, 0);
  await file.close();
  if (head.toString('latin1') === 'OVSDB ') {
    await copyFile(source, target);
    return;
  }
  const key = `${programs ?? ''}\n${await readFile(source, 'utf8')}`;
  const made = emptyDatabases.get(key) ?? makeEmptyDatabase(source, programs);
  emptyDatabases.set(key, made);
  await writeFile(target, await made);
}

async function makeEmptyDatabase(schema: string, programs?: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'ovncp-empty-'));
  try {
    const file = join(folder, 'empty.db');
    await run('ovsdb-tool', ['create', file, schema], { env: environment({}, programs), timeout: STOP_TIMEOUT_MS });
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export class TestServer implements AsyncDisposable {
  /** Always there, also when `remote` is tcp or ssl. */
  readonly unixRemote: string;
  readonly databaseFile: string;
  readonly logFile: string;
  private program: Program | undefined;
  private port = 0;

  /** Made by startOvsdbServer. */
  constructor(
    readonly folder: string,
    private readonly options: ServerOptions,
  ) {
    this.unixRemote = `unix:${join(folder, 'nb.sock')}`;
    this.databaseFile = join(folder, 'nb.db');
    this.logFile = join(folder, 'server.log');
  }

  /** The address in ovn-nbctl's notation; a restart keeps it. */
  get remote(): string {
    const listen = this.options.listen ?? 'unix';
    return listen === 'unix' ? this.unixRemote : `${listen}:127.0.0.1:${this.port}`;
  }

  /** @throws Error when the server is not running */
  get pid(): number {
    const pid = this.running()?.pid;
    if (pid === undefined) throw new Error('this ovsdb-server is not running');
    return pid;
  }

  /** Starts it, after kill(). */
  async start(): Promise<void> {
    if (this.running() !== undefined) throw new Error('this ovsdb-server is running already');
    const logged = (await this.logText()).length;
    const env = environment({ OVS_RUNDIR: this.folder }, this.options.programs);
    this.program = await startDaemon([...(this.options.wrapper ?? []), 'ovsdb-server', ...this.commandLine()], env);
    await this.answering(this.program);
    if (this.options.listen !== undefined && this.options.listen !== 'unix') await this.readPort(logged);
  }

  async logText(): Promise<string> {
    try {
      return await readFile(this.logFile, 'utf8');
    } catch {
      return ''; // no log before the first start
    }
  }

  /** Ends the server and removes its folder. May be called twice. */
  async stop(): Promise<void> {
    await this.kill('SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Sends the signal and waits for the end; the database file stays, so that start() can follow. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const program = this.running();
    if (program === undefined) return;
    program.kill(signal);
    program.kill('SIGCONT'); // a paused server would keep SIGTERM waiting
    const timer = setTimeout(() => program.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await program.ended;
    clearTimeout(timer);
  }

  /** A new process on the same file and the same addresses; every connection is lost. */
  async restart(): Promise<void> {
    await this.kill('SIGTERM');
    await this.start();
  }

  /** The server stops answering, and its connections stay open, until resume(). */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private running(): Program | undefined {
    return this.program?.hasEnded === false ? this.program : undefined;
  }

  private commandLine(): string[] {
    const { listen = 'unix', tls, relayOf, standbyOf } = this.options;
    const words = [
      '--no-chdir',
      `--unixctl=${join(this.folder, 'server.ctl')}`,
      `--log-file=${this.logFile}`,
      '-vconsole:warn',
      '-vsyslog:off',
    ];
    words.push(`--remote=p${this.unixRemote}`);
    if (listen === 'tcp') words.push(`--remote=ptcp:${this.port}:127.0.0.1`);
    if (listen === 'ssl') {
      if (tls === undefined) throw new Error("listen: 'ssl' needs tls");
      words.push(`--remote=pssl:${this.port}:127.0.0.1`);
      words.push(
        `--private-key=${tls.privateKey}`,
        `--certificate=${tls.certificate}`,
        `--ca-cert=${tls.caCertificate}`,
      );
    }
    if (standbyOf !== undefined) words.push(`--sync-from=${standbyOf}`);
    return [...words, relayOf === undefined ? this.databaseFile : `relay:${NORTHBOUND}:${relayOf}`];
  }

  private async answering(program: Program): Promise<void> {
    let failure: unknown;
    const answers = async (): Promise<boolean> => {
      try {
        await using client = await PlainClient.open(this.unixRemote, 10_000);
        await client.request('list_dbs', [], timeoutMs);
        return true;
      } catch (error) {
        failure = error;
        return false;
      }
    };
    const timeoutMs = this.options.startTimeoutMs ?? DEADLINE_MS;
    const isUp = await until(async () => {
      const isRunning = !program.hasEnded;
      return (isRunning && (await answers())) || (!isRunning && 'ended');
    }, timeoutMs).catch(() => undefined);
    if (isUp === true) return;
    const what =
      isUp === 'ended' ? `start: ${await problemOf(program, 'openvswitch-common')}` : `answer within ${timeoutMs} ms`;
    throw new Error(`ovsdb-server did not ${what}\n${await this.logText()}`, { cause: failure });
  }

  /** With port 0 the system chose one: the log says which. */
  private async readPort(logged: number): Promise<void> {
    const text = (await this.logText()).slice(logged);
    const port = /listening on port (\d+)/i.exec(text)?.[1];
    if (port !== undefined) this.port = Number(port);
    if (this.port === 0) throw new Error(`ovsdb-server did not say which port it listens on\n${text}`);
  }
}

/** Runs ovn-nbctl against a server and gives what it printed. */
export async function nbctl(remote: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await run('ovn-nbctl', [`--db=${remote}`, '--timeout=30', ...words], {
    env: environment(),
    timeout: 60_000,
  });
  return stdout;
}

/** Runs ovsdb-client against a server and gives what it printed, as bytes: `backup` prints a database file. */
export async function ovsdbClient(
  remote: string,
  command: 'dump' | 'backup' | 'get-schema-version',
  database = NORTHBOUND,
): Promise<Buffer> {
  const { stdout } = await runForBytes('ovsdb-client', ['--timeout=120', command, remote, database], {
    env: environment(),
    maxBuffer: 1 << 29,
  });
  return stdout;
}

/** Runs `ovsdb-client restore`: every row of the file comes back with another UUID. */
export async function ovsdbClientRestore(remote: string, file: string, database = NORTHBOUND): Promise<void> {
  // it seeks in its standard input, so a pipe will not do
  const command = 'exec ovsdb-client --timeout=120 restore "$1" "$2" <"$3"';
  await run('sh', ['-c', command, 'sh', remote, database, file], { env: environment() });
}
