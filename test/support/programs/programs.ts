/** Programs that tests run, started by a small process of its own (starter.mjs says why). */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const STARTER = fileURLToPath(new URL('starter.mjs', import.meta.url));

export interface RunOptions {
  readonly cwd?: string;
  /** All of its environment. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Its standard input. Default: none. */
  readonly input?: string;
  /** In ms: then it is killed. Default: none. */
  readonly timeout?: number;
  /** Bytes of its output at most. Default: 256 MiB. */
  readonly maxBuffer?: number;
}

/** What a program printed. */
export interface Printed<Text> {
  readonly stdout: Text;
  readonly stderr: Text;
}

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Failure {
  readonly message: string;
  /** The exit code, or that of the system's error. */
  readonly code?: number | string;
  readonly signal?: NodeJS.Signals;
  readonly killed?: boolean;
}

type Told =
  | (Printed<Uint8Array> & { readonly event: 'RAN'; readonly error?: Failure })
  | { readonly event: 'STARTED'; readonly pid: number }
  | { readonly event: 'FAILED'; readonly error: Failure }
  | { readonly event: 'WROTE'; readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }
  | ({ readonly event: 'ENDED' } & Ended);

/** The process that starts programs, and who waits for what it tells. */
class Starter {
  private readonly waiting = new Map<number, (told: Told) => void>();
  private readonly child: ChildProcess;
  private nextId = 1;

  constructor() {
    this.child = fork(STARTER, { serialization: 'advanced', execArgv: [] });
    this.child.on('message', ({ id, ...told }: Told & { readonly id: number }) => this.waiting.get(id)?.(told));
    this.child.once('exit', () => {
      const error = { message: 'the process that starts programs for tests has ended' };
      for (const tell of [...this.waiting.values()]) tell({ event: 'FAILED', error });
    });
    this.child.unref();
    this.child.channel?.unref();
  }

  /** @param onTold answers whether that was the last that it waited for */
  ask(kind: 'RUN' | 'START', program: object, onTold: (told: Told) => boolean): void {
    const id = this.nextId++;
    if (this.waiting.size === 0) this.child.channel?.ref();
    this.waiting.set(id, (told) => {
      if (!onTold(told)) return;
      this.waiting.delete(id);
      if (this.waiting.size === 0) this.child.channel?.unref();
    });
    this.child.send({ id, kind, ...program });
  }
}

let starter: Starter | undefined;

/**
 * Runs a program to its end.
 * @returns what it printed, as bytes
 * @throws Error with `code`, `signal`, `killed`, `stdout` and `stderr`, as that of Node's execFile, when it fails
 */
export function runForBytes(
  command: string,
  words: readonly string[],
  { input, maxBuffer = 1 << 28, env = process.env, ...options }: RunOptions = {},
): Promise<Printed<Buffer>> {
  const program = { command, words, options: { ...options, env: { ...env }, maxBuffer }, input };
  starter ??= new Starter();
  const asked = starter;
  return new Promise((resolve, reject) => {
    asked.ask('RUN', program, (told) => {
      if (told.event !== 'RAN') reject(new Error(told.event === 'FAILED' ? told.error.message : told.event));
      else {
        const printed = { stdout: Buffer.from(told.stdout), stderr: Buffer.from(told.stderr) };
        if (told.error === undefined) resolve(printed);
        else reject(Object.assign(new Error(told.error.message), { ...told.error, ...textOf(printed) }));
      }
      return true;
    });
  });
}

/** As runForBytes, with what it printed as text. */
export async function run(
  command: string,
  words: readonly string[],
  options: RunOptions = {},
): Promise<Printed<string>> {
  return textOf(await runForBytes(command, words, options));
}

function textOf({ stdout, stderr }: Printed<Buffer>): Printed<string> {
  return { stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') };
}

/** A program that runs beside the test. */
export class Program {
  /** What it wrote. */
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  private isRunning = true;
  private end!: (ended: Ended) => void;

  /** Made by startProgram. */
  constructor(readonly pid: number) {
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  get hasEnded(): boolean {
    return !this.isRunning;
  }

  /** Sends a signal, unless it has ended. */
  kill(signal: NodeJS.Signals): void {
    try {
      if (this.isRunning) process.kill(this.pid, signal);
    } catch (error) {
      // it has just ended, and nobody has told us yet
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** Used by startProgram. */
  hear(told: Told): void {
    if (told.event === 'WROTE') this[told.stream] += Buffer.from(told.bytes).toString('utf8');
    if (told.event === 'ENDED') this.finish({ code: told.code, signal: told.signal });
    if (told.event === 'FAILED') this.finish({ code: null, signal: null });
  }

  private finish(ended: Ended): void {
    this.isRunning = false;
    this.end(ended);
  }
}

/** Starts a program. @throws Error with `code` ENOENT when there is none of that name, and others of the system */
export function startProgram(
  command: string,
  words: readonly string[],
  { env = process.env, cwd }: Pick<RunOptions, 'env' | 'cwd'> = {},
): Promise<Program> {
  starter ??= new Starter();
  const asked = starter;
  return new Promise((resolve, reject) => {
    let program: Program | undefined;
    asked.ask('START', { command, words, options: { env: { ...env }, cwd } }, (told) => {
      if (told.event === 'STARTED') {
        program = new Program(told.pid);
        resolve(program);
      } else if (program === undefined) {
        const { message, code } = told.event === 'FAILED' ? told.error : { message: told.event };
        reject(Object.assign(new Error(message), { code }));
      } else {
        program.hear(told);
      }
      return told.event === 'ENDED' || told.event === 'FAILED';
    });
  });
}
