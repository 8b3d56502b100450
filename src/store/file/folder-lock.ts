/**
 * One process to a folder: a `.lock` file that names its holder.
 *
 * Two servers on one folder would sweep each other's temporary files away. The lock of a process
 * that is gone is stale and is taken over. A process is known by its id and, where the system
 * tells (/proc), by its start time, so that another process with a reused id is not taken for it.
 * It guards against a second process on the same machine, not against another machine.
 */
import { createHash, randomBytes } from 'node:crypto';
import { link, open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { diskError } from '../../lib/disk-error.js';
import { AppError, errnoOf } from '../../lib/error.js';
import { temporaryName } from '../../lib/temporary-name.js';

export const LOCK_NAME = '.lock';
/** Claims on stale locks, see `takeOver`; whoever holds the lock may remove them. */
export const CLAIM_PREFIX = `${LOCK_NAME}-`;

const holderSchema = z.object({ pid: z.int().positive(), startedAt: z.string().nullable(), nonce: z.string() });
type Holder = z.infer<typeof holderSchema>;

export class FolderLock {
  private constructor(
    private readonly path: string,
    private readonly content: string,
  ) {}

  /** Throws STORE_UNAVAILABLE, naming the process, when a living one holds the folder. */
  static async acquire(folder: string): Promise<FolderLock> {
    const holder: Holder = {
      pid: process.pid,
      startedAt: (await processAt(process.pid))?.startedAt ?? null,
      nonce: randomBytes(8).toString('hex'),
    };
    const content = `${JSON.stringify(holder)}\n`;
    const temporary = join(folder, temporaryName());
    try {
      await writeDurably(temporary, content);
      await take({ folder, name: LOCK_NAME, temporary, content });
    } catch (error) {
      throw diskError(`Locking the folder ${folder}`, error);
    } finally {
      await unlinkIfThere(temporary);
    }
    return new FolderLock(join(folder, LOCK_NAME), content);
  }

  async release(): Promise<void> {
    // Somebody may have removed the file by hand, and another server may have begun since.
    if ((await readIfThere(this.path)) === this.content) await unlinkIfThere(this.path);
  }
}

interface Attempt {
  readonly folder: string;
  readonly name: string;
  readonly temporary: string;
  readonly content: string;
}

async function take(attempt: Attempt): Promise<void> {
  const path = join(attempt.folder, attempt.name);
  for (;;) {
    try {
      await link(attempt.temporary, path); // atomic, and the content is there with the name
      return;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'EPERM' || errno === 'ENOTSUP' || errno === 'EOPNOTSUPP' || errno === 'ENOSYS') {
        throw new AppError(
          'STORE_UNAVAILABLE',
          `The file system of ${attempt.folder} cannot make hard links (${errno}), which the backup store needs. ` +
            'Choose a folder on another file system.',
          { cause: error },
        );
      }
      if (errno !== 'EEXIST') throw error;
    }
    const found = await readIfThere(path);
    if (found === undefined) continue; // released just now
    const pid = await livingHolder(found);
    if (pid !== undefined) {
      throw new AppError(
        'STORE_UNAVAILABLE',
        `Another server (process ${pid}) uses the backup store ${attempt.folder}. Stop it, or choose another ` +
          'folder for this one.',
      );
    }
    if (await takeOver(attempt, found)) return;
  }
}

/**
 * Replaces a stale lock. Of several processes that found the same stale lock only the one that gets the
 * claim on it, a lock named by its content, may replace it; a slower one finds the lock changed.
 */
async function takeOver(attempt: Attempt, stale: string): Promise<boolean> {
  const path = join(attempt.folder, attempt.name);
  const claim = `${CLAIM_PREFIX}${createHash('sha256').update(attempt.name).update(stale).digest('hex').slice(0, 16)}`;
  await take({ ...attempt, name: claim });
  try {
    if ((await readIfThere(path)) !== stale) return false;
    const copy = `${attempt.temporary}-${claim.slice(CLAIM_PREFIX.length)}`;
    await link(attempt.temporary, copy);
    try {
      await rename(copy, path);
    } finally {
      await unlinkIfThere(copy);
    }
    return true;
  } finally {
    await unlinkIfThere(join(attempt.folder, claim));
  }
}

/** The process id of the holder, or undefined when it is gone or the content is not a lock's. */
async function livingHolder(content: string): Promise<number | undefined> {
  const holder = parseHolder(content);
  if (holder === undefined) return undefined;
  const found = await processAt(holder.pid);
  if (found === undefined) return undefined;
  const reused = holder.startedAt !== null && found.startedAt !== undefined && holder.startedAt !== found.startedAt;
  return reused ? undefined : holder.pid;
}

function parseHolder(content: string): Holder | undefined {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    return undefined; // no lock of ours has ever looked like that: a living one cannot be behind it
  }
  const parsed = holderSchema.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}

/** The living process with that id; `startedAt` is opaque, and missing where the system does not tell. */
async function processAt(pid: number): Promise<{ readonly startedAt?: string } | undefined> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return undefined;
    if (errnoOf(error) !== 'EPERM') throw error; // EPERM: it lives and is somebody else's
  }
  const stat = await readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return {};
  // "pid (command) state ppid ...": the command may hold anything, so count from the last bracket. See proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  if (state === 'Z' || state === 'X') return undefined; // dead, only nobody has collected it yet
  const startedAt = fields[19];
  if (startedAt === undefined) return {};
  // Ticks count from the boot: after another boot the same number says nothing.
  const boot = (await readIfThere('/proc/sys/kernel/random/boot_id'))?.trim() ?? '';
  return { startedAt: `${boot} ${startedAt}` };
}

async function writeDurably(path: string, content: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
