/**
 * Changes to the file of static tokens. A change is written beside the file and takes its name when it is
 * whole; two that come at once wait for each other, so that none is lost. The file keeps its owner, and its mode but
 * for the right of others to write: the server takes no token from a file that others can change.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, open, realpath, stat, unlink } from 'node:fs/promises';
import { type Clock, sleep } from '../lib/clock.js';
import { AppError, errnoOf } from '../lib/error.js';
import { reasonOf } from '../lib/system-error.js';
import { writeWhole } from '../lib/temporary-file.js';
import type { TokenEntry } from './token-file.js';
import { readTokenFile } from './token-file.js';

export interface NewToken {
  readonly token: string;
  /** What the file has of it. */
  readonly sha256: string;
}

const LOCK_WAIT_MS = 5_000;
const LOCK_POLL_MS = 20;
const OWN_ONLY = 0o600;
const NOT_WRITABLE_BY_OTHERS = 0o755;
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const PROCESS_ID_BYTES_MAX = 10;

/** 256 random bits, marked as ours, so that scanners for leaked secrets know them. */
export function newToken(): NewToken {
  const token = `ovncp_${randomBytes(32).toString('base64url')}`;
  return { token, sha256: createHash('sha256').update(token).digest('hex') };
}

/**
 * Adds a token; makes the file where there is none.
 * @throws AppError CONFLICT when there is one of that name; Error when the file is not valid or cannot be written
 */
export async function addToken(file: string, entry: TokenEntry, clock: Clock): Promise<void> {
  await edit(file, clock, (entries) => {
    if (entries.some(({ name }) => name === entry.name)) {
      throw new AppError(
        'CONFLICT',
        `There is a token named "${entry.name}" in ${file}: choose another name, or revoke that one first`,
      );
    }
    return [...entries, entry];
  });
}

/** Removes a token. @throws AppError NOT_FOUND with the names that there are; Error as addToken */
export async function removeToken(file: string, name: string, clock: Clock): Promise<void> {
  await edit(file, clock, (entries) => {
    const rest = entries.filter((entry) => entry.name !== name);
    if (rest.length < entries.length) return rest;
    const names = entries.map((entry) => entry.name).join(', ');
    throw new AppError(
      'NOT_FOUND',
      `There is no token named "${name}" in ${file}; ${names === '' ? 'it has none' : `it has ${names}`}`,
    );
  });
}

async function edit(
  file: string,
  clock: Clock,
  change: (entries: readonly TokenEntry[]) => readonly TokenEntry[],
): Promise<void> {
  try {
    const path = await targetOf(file);
    const lock = `${path}.lock`;
    await acquire(lock, clock);
    try {
      const before = await ifThere(stat(path));
      const entries = before === undefined ? [] : await readTokenFile(path);
      await writeWhole(path, `${JSON.stringify({ tokens: change(entries) }, null, 2)}\n`, {
        mode: before === undefined ? OWN_ONLY : before.mode & NOT_WRITABLE_BY_OTHERS,
        // root makes tokens for a server that runs as somebody else
        ...(before !== undefined && process.getuid?.() === 0 ? { owner: before } : {}),
      });
    } finally {
      await unlink(lock);
    }
  } catch (error) {
    if (error instanceof AppError || errnoOf(error) === undefined) throw error;
    throw new Error(
      `The token file ${file} cannot be changed (${reasonOf(error)}): run this as the server's user, or name ` +
        'another file',
      { cause: error },
    );
  }
}

/** The lock of a run that was killed is not taken over, as two might do so at once: it is said what to remove. */
async function acquire(lock: string, clock: Clock): Promise<void> {
  const until = clock.monotonic() + LOCK_WAIT_MS;
  for (;;) {
    try {
      const handle = await open(lock, 'wx', OWN_ONLY);
      await handle.writeFile(String(process.pid));
      await handle.close();
      return;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    if (clock.monotonic() > until) {
      const holder = await holderOf(lock);
      throw new AppError(
        'CONFLICT',
        `Another run (process ${holder}) is changing the tokens: try again; if that process is gone, remove ${lock}`,
      );
    }
    await sleep(clock, LOCK_POLL_MS);
  }
}

/** The process that a lock names. Others may write in its folder: of what they put there nothing else is told. */
async function holderOf(lock: string): Promise<string> {
  try {
    const handle = await open(lock, READ_FLAGS);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(PROCESS_ID_BYTES_MAX), 0);
      return /^\d+$/.exec(buffer.toString('latin1', 0, bytesRead))?.[0] ?? 'unknown';
    } finally {
      await handle.close();
    }
  } catch {
    return 'unknown'; // it is gone, or not to be read: what to do is the same
  }
}

/**
 * A link is followed: it is the file behind it that changes. Not one that somebody else made, who would choose what
 * root writes to.
 */
async function targetOf(file: string): Promise<string> {
  const found = await ifThere(lstat(file));
  if (found?.isSymbolicLink() === true && found.uid !== 0 && found.uid !== process.getuid?.())
    throw new AppError(
      'CONFLICT',
      `${file} is a link that another user (uid ${found.uid}) made: run this as that user, or name the file itself`,
    );
  return (await ifThere(realpath(file))) ?? file;
}

async function ifThere<T extends Stats | string>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
