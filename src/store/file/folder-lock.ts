/**
 * One server to a folder: a `.lock` file that names its holder, and whose time the holder renews: it beats.
 *
 * Two servers on one folder would sweep each other's files away. A lock whose holder is certainly dead (lock-holder.ts)
 * is taken over at once. Of a holder in another container or on another machine only the beats tell: a lock without a
 * beat for STILL_LOOKS looks is taken over. Looks are counted, and not seconds: one that hangs with its disk, as every
 * look and every beat does while a file server is away, is one look.
 *
 * A holder that was paused for longer, or its machine, comes back to find its lock taken. So it looks before every
 * write that others see (`check`), and then writes nothing any more. Between that look and the write stand some
 * microseconds: a pause that begins just there, and lasts until another server has begun, is not noticed.
 */
import { createHash } from 'node:crypto';
import { lutimes, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, every, sleep } from '../../lib/clock.js';
import { diskError, folderError } from '../../lib/disk-error.js';
import { AppError, errnoOf } from '../../lib/error.js';
import { temporaryName } from '../../lib/temporary-file.js';
import { holderOf, ownLock } from './lock-holder.js';
import { identityOf, linkNew, renameOver, unlinkIfThere, type Written } from './name.js';

/** Names the folder. */
export const FOLDER_VARIABLE = 'BACKUP_PATH';
export const LOCK_NAME = '.lock';
/** Claims on stale locks, see `takeOver`; whoever holds the lock may remove them. */
export const CLAIM_PREFIX = `${LOCK_NAME}-`;

const BEAT_MS = 5_000;
const LOOK_MS = 1_000;
/** Six times a beat: a server that is busy for some seconds keeps its lock. */
const STILL_LOOKS = 30;

export interface LockLog {
  warn(fields: object, message: string): void;
}

export interface LockOptions {
  readonly clock: Clock;
  /** Told what is waited for, and when the lock cannot be renewed. */
  readonly log?: LockLog | undefined;
  /** Told once that another server has the folder by now: end, and write nothing. */
  readonly onLost?: ((error: AppError) => void) | undefined;
}

export class FolderLock {
  private lost: AppError | undefined;
  private isReleased = false;
  private isBeating = false;
  private isTroubled = false;
  private readonly endBeats: () => void;

  private constructor(
    private readonly folder: string,
    private readonly content: string,
    private readonly options: LockOptions,
  ) {
    this.endBeats = every(options.clock, BEAT_MS, () => void this.beat());
  }

  /** @throws AppError STORE_UNAVAILABLE, naming the process, when a living one holds the folder */
  static async acquire(folder: string, options: LockOptions): Promise<FolderLock> {
    const content = await ownLock();
    try {
      await take({ folder, name: LOCK_NAME, content, options });
    } catch (error) {
      throw folderError(`Locking the folder ${folder}`, FOLDER_VARIABLE, error);
    }
    return new FolderLock(folder, content, options);
  }

  /**
   * Passes while the folder is ours. A lock that somebody removed by hand is put back.
   * @throws AppError STORE_UNAVAILABLE when another server has it, or nobody can tell
   */
  async check(): Promise<void> {
    if (this.lost !== undefined) throw this.lost;
    let found: string | undefined;
    try {
      found = await readIfThere(this.path);
      if (found === undefined && !this.isReleased) {
        await place(this.folder, LOCK_NAME, this.content);
        found = await readIfThere(this.path);
      }
    } catch (error) {
      throw diskError(`Looking at the lock of ${this.folder}`, error);
    }
    if (found !== this.content && !this.isReleased) throw await this.lose(found);
  }

  async release(): Promise<void> {
    this.isReleased = true;
    this.endBeats();
    // another server may have taken it over
    if ((await readIfThere(this.path)) === this.content) await unlinkIfThere(this.path);
  }

  private get path(): string {
    return join(this.folder, LOCK_NAME);
  }

  private async beat(): Promise<void> {
    if (this.isBeating || this.isReleased) return;
    this.isBeating = true;
    try {
      await this.check();
      const seconds = this.options.clock.now() / 1_000;
      await lutimes(this.path, seconds, seconds);
      this.isTroubled = false;
    } catch (error) {
      if (this.lost !== undefined || this.isReleased) return;
      if (!this.isTroubled)
        this.options.log?.warn(
          { err: error, folder: this.folder },
          `the lock of the backup folder cannot be renewed: after ${STILL_LOOKS} s another server may take it over`,
        );
      this.isTroubled = true;
    } finally {
      this.isBeating = false;
    }
  }

  private async lose(found: string | undefined): Promise<AppError> {
    const { name } = await holderOf(found ?? '');
    // of several that look at once the first one tells
    if (this.lost !== undefined) return this.lost;
    this.lost = new AppError(
      'STORE_UNAVAILABLE',
      `Another server (${name}) has taken over the backup store ${this.folder}, because this one did not renew its ` +
        `lock for ${STILL_LOOKS} s: was it paused, or its machine? This server writes nothing there any more. Only ` +
        'start it again when the other one has ended.',
    );
    this.endBeats();
    this.options.onLost?.(this.lost);
    return this.lost;
  }
}

interface Attempt {
  readonly folder: string;
  readonly name: string;
  readonly content: string;
  readonly options: LockOptions;
}

/** A lock as it was seen. */
interface Look {
  readonly content: string;
  /** Changes with every beat. */
  readonly beat: bigint;
}

async function take(attempt: Attempt): Promise<void> {
  const { folder, name, content, options } = attempt;
  const path = join(folder, name);
  while (!(await place(folder, name, content))) {
    const found = await lookAt(path);
    if (found === undefined) continue; // released just now
    const holder = await holderOf(found.content);
    const inUse = (): AppError =>
      new AppError(
        'STORE_UNAVAILABLE',
        `Another server (${holder.name}) uses the backup store ${folder}. Stop it, or set ${FOLDER_VARIABLE} to ` +
          'another folder for this one.',
      );
    if (holder.life === 'ALIVE') throw inUse();
    if (holder.life === 'UNKNOWN') {
      options.log?.warn(
        { folder, lock: name },
        `another server (${holder.name}) had the backup folder, and it cannot be told from here whether it still ` +
          `runs: waiting for ${STILL_LOOKS} s, and taking the folder over if the lock is not renewed`,
      );
      const then = await watch(path, found, options.clock);
      if (then === 'BEATS') throw inUse();
      if (then === 'OTHER') continue;
    }
    if (await takeOver(attempt, found)) return;
  }
}

/** Whether the lock is renewed, or another one or none by now, or still as it was after a while. */
async function watch(path: string, first: Look, clock: Clock): Promise<'BEATS' | 'OTHER' | 'STILL'> {
  for (let looks = 0; looks < STILL_LOOKS; looks++) {
    await sleep(clock, LOOK_MS);
    const found = await lookAt(path);
    if (found?.content !== first.content) return 'OTHER';
    if (found.beat !== first.beat) return 'BEATS';
  }
  return 'STILL';
}

/**
 * Replaces a stale lock. Of several processes that found the same stale lock only the one that gets the
 * claim on it, a lock named by its content, may replace it; a slower one finds the lock changed.
 */
async function takeOver(attempt: Attempt, stale: Look): Promise<boolean> {
  const { folder, name, content } = attempt;
  const path = join(folder, name);
  const digest = createHash('sha256').update(name).update(stale.content).digest('hex');
  const claim = `${CLAIM_PREFIX}${digest.slice(0, 16)}`;
  await take({ ...attempt, name: claim });
  try {
    const found = await lookAt(path);
    if (found?.content !== stale.content || found.beat !== stale.beat) return false;
    await withTemporary(folder, content, (temporary) => renameOver(temporary, path));
    return true;
  } finally {
    await unlinkIfThere(join(folder, claim));
  }
}

/** Makes a file with its content, in one step. @returns false when the name is taken */
async function place(folder: string, name: string, content: string): Promise<boolean> {
  return withTemporary(folder, content, async (temporary) => {
    try {
      return await linkNew(temporary, join(folder, name));
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'EPERM' || errno === 'ENOTSUP' || errno === 'EOPNOTSUPP' || errno === 'ENOSYS')
        throw new AppError(
          'STORE_UNAVAILABLE',
          `The file system of ${folder} cannot make hard links (${errno}), which the backup store needs. ` +
            `Set ${FOLDER_VARIABLE} to a folder on another file system.`,
          { cause: error },
        );
      throw error;
    }
  });
}

async function withTemporary<T>(folder: string, content: string, work: (file: Written) => Promise<T>): Promise<T> {
  const temporary = join(folder, temporaryName());
  try {
    return await work(await writeDurably(temporary, content));
  } finally {
    await unlinkIfThere(temporary);
  }
}

async function writeDurably(path: string, content: string): Promise<Written> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(content);
    await handle.sync();
    return { path, identity: await identityOf(handle) };
  } finally {
    await handle.close();
  }
}

/** Opened first: over NFS what is asked of an open file is as new as the opening. */
async function lookAt(path: string): Promise<Look | undefined> {
  try {
    const handle = await open(path);
    try {
      const content = await handle.readFile('utf8');
      return { content, beat: (await handle.stat({ bigint: true })).mtimeNs };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** ESTALE: over NFS, a file that another machine has replaced while it was read. */
function isGone(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ESTALE';
}
