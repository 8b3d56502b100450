/**
 * A program that runs beside this process for a drill, and ends when this process does, however that ends: a shell
 * beside it waits at a pipe of which only this process has the other end. All of it is one group of processes, and is
 * killed as one: what is scratch need not end well.
 *
 * It inherits nothing of the environment, where secrets may be. Its pidfile is in the folder of the drill: the word of
 * its command line by which a later start knows it (leftover.ts).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Writable } from 'node:stream';
import { errnoOf, messageOf } from '../../../lib/error.js';

const SHELL = '/bin/sh';
/** Runs its words as a program, and kills that when nobody holds the other end of descriptor 3 any more. */
const WATCHED =
  '"$@" 3<&- & program=$!; { read -r nothing; kill -KILL "$program"; } <&3 2>/dev/null & watcher=$!; ' +
  'wait "$program"; status=$?; kill "$watcher" 2>/dev/null; exit "$status"';
const SIGNAL_CODES = 128;
const STDERR_CHARACTERS_MAX = 2_000;

export interface DaemonOptions {
  /** Of the drill: the program runs in it. */
  readonly folder: string;
  readonly searchPath: string;
}

/** The environment of the programs of a drill. */
export function scratchEnvironment({ folder, searchPath }: DaemonOptions): NodeJS.ProcessEnv {
  return {
    PATH: searchPath,
    LC_ALL: 'C',
    OVS_RUNDIR: folder,
    OVN_RUNDIR: folder,
    OVS_LOGDIR: folder,
    OVN_LOGDIR: folder,
    OVS_DBDIR: folder,
    OVN_DBDIR: folder,
  };
}

/** The word of its command line that names the pidfile. */
export function pidfileWord(folder: string, name = ''): string {
  return `--pidfile=${join(folder, '/')}${name === '' ? '' : `${name}.pid`}`;
}

export class Daemon {
  /** What it ended with, in words; it resolves when it has ended. */
  readonly ended: Promise<string>;
  private hasEnded = false;
  private stderr = '';
  private readonly child: ChildProcess;
  readonly name: string;

  /** @param path of the program */
  constructor(
    path: string,
    words: readonly string[],
    private readonly options: DaemonOptions,
  ) {
    this.name = basename(path);
    const { folder } = options;
    const all = [...words, pidfileWord(folder, this.name), '--no-chdir', '-vconsole:emer', '-vsyslog:off'];
    this.child = spawn(SHELL, ['-c', WATCHED, SHELL, path, ...all], {
      cwd: folder,
      env: scratchEnvironment(options),
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.child.stderr?.on('data', (bytes: Buffer) => {
      this.stderr = (this.stderr + bytes.toString()).slice(0, STDERR_CHARACTERS_MAX);
    });
    const held = this.child.stdio[3] as Writable | null | undefined;
    held?.on('error', () => undefined); // it breaks when the shell ends first
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.hasEnded = true;
        held?.destroy();
        resolve(how);
      };
      this.child.once('error', (error) => end(`${this.name} could not be started: ${messageOf(error)}`));
      this.child.once('close', (code, signal) => end(this.toldOf(code, signal)));
    });
  }

  /** Of the program itself; undefined before it has written its pidfile. */
  async pid(): Promise<number | undefined> {
    try {
      const text = await readFile(join(this.options.folder, `${this.name}.pid`), 'utf8');
      return Number.parseInt(text, 10) || undefined;
    } catch {
      return undefined; // it is not there yet, or no more
    }
  }

  /** Kills it, and waits for its end. May be called twice. */
  async stop(): Promise<void> {
    const { pid } = this.child;
    try {
      if (pid !== undefined && !this.hasEnded) process.kill(-pid, 'SIGKILL');
    } catch (error) {
      // it has just ended
      if (errnoOf(error) !== 'ESRCH') throw error;
    }
    await this.ended;
  }

  private toldOf(code: number | null, signal: NodeJS.Signals | null): string {
    const said = this.stderr.trim().replaceAll(/\s*\n\s*/g, '; ');
    return `${this.name} ended ${howEnded(code, signal)}${said === '' ? '' : `: ${said}`}`;
  }
}

/** A shell tells the signal that ended its program by a code. */
function howEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `by ${signal}`;
  return code !== null && code > SIGNAL_CODES ? `by signal ${code - SIGNAL_CODES}` : `with exit code ${code ?? 0}`;
}
