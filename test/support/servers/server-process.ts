/** The built server as a process of its own, for tests that kill it or look at how it ends. */
import { existsSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { ApiClient, tokenWith } from '../clients/api-client.js';
import { type Ended, type Program, run, startProgram } from '../programs/programs.js';
import { until } from '../until.js';
import { environment } from './ovsdb-server.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** What `npm start` runs. */
const MAIN = join(ROOT, 'dist/main.js');
/** The same with all its modules in one file, which starts in half the time: a third of what tests with crashes take. */
const BUNDLE = join(ROOT, 'dist/main.bundle.js');

let built: Promise<void> | undefined;

/**
 * Compiles src into dist when a source is newer, without a look at types, and bundles it; looks once in a process.
 * @throws Error with the compiler's words
 */
export function ensureBuilt(): Promise<void> {
  built ??= build().then(bundle);
  return built;
}

async function bundle(): Promise<void> {
  const parts = [join(ROOT, 'dist/.tsbuildinfo'), join(ROOT, 'package-lock.json')];
  if (existsSync(BUNDLE) && parts.every((part) => statSync(part).mtimeMs < statSync(BUNDLE).mtimeMs)) return;
  await using build = await rolldown({ input: MAIN, platform: 'node', logLevel: 'silent' });
  // several test workers may get here at once: each writes its own, and the last rename wins
  const unfinished = `${BUNDLE}.${process.pid}`;
  await build.write({ file: unfinished, format: 'esm', codeSplitting: false });
  renameSync(unfinished, BUNDLE);
}

async function build(): Promise<void> {
  const stamp = join(ROOT, 'dist/.tsbuildinfo');
  const sources = (readdirSync(join(ROOT, 'src'), { recursive: true }) as string[]).filter((name) =>
    name.endsWith('.ts'),
  );
  const newest = Math.max(...sources.map((name) => statSync(join(ROOT, 'src', name)).mtimeMs));
  if (existsSync(MAIN) && existsSync(stamp) && statSync(stamp).mtimeMs >= newest) return;
  await run(process.execPath, [
    join(ROOT, 'node_modules/typescript/bin/tsc'),
    '-p',
    join(ROOT, 'tsconfig.build.json'),
    '--noCheck',
  ]).catch((error: unknown) => {
    throw new Error(`the server could not be built:\n${String((error as { stdout?: unknown }).stdout)}`, {
      cause: error,
    });
  });
}

export class ServerProcess implements AsyncDisposable {
  /** Made by spawnServer. */
  constructor(private readonly program: Program) {}

  /** What it wrote. */
  get stdout(): string {
    return this.program.stdout;
  }

  get stderr(): string {
    return this.program.stderr;
  }

  /** What it wrote to stdout, which is forgotten then. */
  takeStdout(): string {
    const { stdout } = this.program;
    this.program.stdout = '';
    return stdout;
  }

  get ended(): Promise<Ended> {
    return this.program.ended;
  }

  get pid(): number {
    return this.program.pid;
  }

  get hasEnded(): boolean {
    return this.program.hasEnded;
  }

  /**
   * An admin's client, once the server says where it listens.
   * @throws Error with its output when it ends or says nothing
   */
  async listening(): Promise<ApiClient> {
    const found = await until(() => {
      const url = /listens on (http:\/\/[^:]+:\d+):/.exec(this.stderr)?.[1];
      return url ?? (this.hasEnded && 'ended');
    }).catch(() => 'ended');
    if (found === 'ended') throw new Error(`the server does not listen:\n${this.stdout}\n${this.stderr}`);
    return new ApiClient(found, await tokenWith());
  }

  async kill(signal: NodeJS.Signals): Promise<Ended> {
    this.program.kill(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.hasEnded) await this.kill('SIGKILL');
  }
}

export interface SpawnOptions {
  /** Words of a command that runs the server in its place, such as unshare. */
  readonly wrapper?: readonly string[];
  /** Runs dist/main.js itself, for a test of how it starts. */
  readonly isAsShipped?: boolean;
}

/** Starts the server with these variables and no others of ours. */
export async function spawnServer(
  env: Readonly<Record<string, string>>,
  { wrapper = [], isAsShipped = false }: SpawnOptions = {},
): Promise<ServerProcess> {
  await ensureBuilt();
  const program = isAsShipped ? MAIN : BUNDLE;
  const [command, ...words] = [...wrapper, process.execPath, program] as unknown as [string, ...string[]];
  const inherited = Object.fromEntries(
    Object.entries(environment()).filter(([name]) => !/^(OVN|BACKUP_|HOST$|PORT$|LOG_|NODE_OPTIONS$)/.test(name)),
  );
  return new ServerProcess(await startProgram(command, words, { env: { ...inherited, ...env } }));
}
