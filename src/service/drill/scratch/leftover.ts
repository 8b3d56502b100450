/**
 * What a server that was killed leaves of its drills: a folder, and perhaps programs that have not noticed yet. The
 * programs are known by their command line, which names a pidfile in that folder: nobody else's are touched.
 */
import { readdir, readFile } from 'node:fs/promises';
import { type Clock, sleep } from '../../../lib/clock.js';
import { AppError, errnoOf } from '../../../lib/error.js';
import { privateFolders, removePrivateFolder } from '../../../state/private-folder.js';
import { pidfileWord } from './daemon.js';

const PROCESSES = '/proc';
const END_MS_MAX = 5_000;
const LOOK_AGAIN_MS = 20;

/**
 * Ends their programs and removes the folders.
 * @returns the folders
 * @throws AppError STORE_UNAVAILABLE
 */
export async function removeLeftovers(parent: string, prefix: string, clock: Clock): Promise<readonly string[]> {
  const folders = await privateFolders(parent, prefix);
  for (const folder of folders) {
    await endProgramsOf(folder, clock);
    await removePrivateFolder(folder);
  }
  return folders;
}

async function endProgramsOf(folder: string, clock: Clock): Promise<void> {
  const until = clock.monotonic() + END_MS_MAX;
  for (;;) {
    const pids = await programsOf(folder);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    if (clock.monotonic() >= until)
      throw new AppError(
        'STORE_UNAVAILABLE',
        `Programs of an earlier drill do not end (process ${pids.join(', ')}): end them, then remove ${folder}`,
      );
    await sleep(clock, LOOK_AGAIN_MS);
  }
}

async function programsOf(folder: string): Promise<readonly number[]> {
  const word = pidfileWord(folder);
  const found: number[] = [];
  for (const name of await readdir(PROCESSES).catch(() => [] as string[])) {
    const pid = Number(name);
    if (!Number.isSafeInteger(pid) || pid === process.pid) continue;
    // it may have ended meanwhile, or be another user's
    const words = (await readFile(`${PROCESSES}/${name}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (words.some((each) => each.startsWith(word))) found.push(pid);
  }
  return found;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH' && errnoOf(error) !== 'EPERM') throw error;
  }
}
