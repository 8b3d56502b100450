/**
 * Programs as an operator runs them: curl, bash, Python. None of them reads a configuration of its own or uses a proxy.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../src/lib/error.js';
import { run } from '../programs/programs.js';

const TIMEOUT_MS = 120_000;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Where curl's configuration is put. */
  readonly folder: string;
  /** Where it runs. Default: that folder. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Its standard input; default: none. */
  readonly input?: string;
  /** Lines of curl's configuration, which hold for every curl that the command runs. */
  readonly curlrc?: readonly string[];
}

/**
 * Runs a program to its end, whatever its exit code.
 * @throws Error when it cannot be run, or takes longer than two minutes
 */
export async function runCommand(
  words: readonly [string, ...string[]],
  { folder, cwd = folder, env: more = {}, input = '', curlrc = [] }: CommandOptions,
): Promise<Ran> {
  await writeFile(join(folder, '.curlrc'), `${curlrc.join('\n')}\n`, { mode: 0o600 });
  const [program, ...rest] = words;
  const env = { ...process.env, NO_PROXY: '*', no_proxy: '*', CURL_HOME: folder, ...more };
  try {
    return { code: 0, ...(await run(program, rest, { cwd, timeout: TIMEOUT_MS, env, input })) };
  } catch (error) {
    const { code, stdout, stderr } = error as Partial<Ran>;
    if (typeof code === 'number' && stdout !== undefined && stderr !== undefined) return { code, stdout, stderr };
    throw new Error(`${program} did not run to its end: ${messageOf(error)}`, { cause: error });
  }
}

/** A Python that has the package requests: the one on the PATH, or Debian's. @throws Error that says what to install */
export async function pythonWithRequests(): Promise<string> {
  for (const python of ['python3', '/usr/bin/python3']) {
    const found = await run(python, ['-c', 'import requests'], { timeout: TIMEOUT_MS }).then(
      () => true,
      () => false,
    );
    if (found) return python;
  }
  throw new Error("no Python here has the package requests: install Debian's python3-requests");
}
