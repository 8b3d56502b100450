/**
 * Changes to the file of static tokens. A change is written beside the file and takes its name when it is
 * whole; two that come at once wait for each other, so that none is lost. The file keeps its mode and owner.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clock, sleep } from '../lib/clock.js';
import { AppError, errnoOf, messageOf } from '../lib/error.js';
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

/** 256 random bits, marked as ours, so that scanners for leaked secrets know them. */
export function newToken(): NewToken {
  const token = `ovncp_${randomBytes(32).toString('base64url')}`;
  return { token, sha256: createHash('sha256').update(token).digest('hex') };
}

/**
 * Adds a token; makes the file, and its folder, where there is none.
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
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const path = await targetOf(file);
    const lock = `${path}.lock`;
    await acquire(lock, clock);
    try {
      const before = await statIfThere(path);
      const entries = before === undefined ? [] : await readTokenFile(path);
      await writeWhole(path, `${JSON.stringify({ tokens: change(entries) }, null, 2)}\n`, before);
    } finally {
      await unlink(lock);
    }
  } catch (error) {
    if (error instanceof AppError || errnoOf(error) === undefined) throw error;
    throw new Error(
      `The token file ${file} cannot be changed (${messageOf(error)}): run this as the server's user, or name ` +
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
      const holder = await readFile(lock, 'utf8').catch(() => 'unknown');
      throw new AppError(
        'CONFLICT',
        `Another run (process ${holder}) is changing the tokens: try again; if that process is gone, remove ${lock}`,
      );
    }
    await sleep(clock, LOCK_POLL_MS);
  }
}

/** A link is followed: it is the file behind it that changes. */
async function targetOf(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return file;
    throw error;
  }
}

async function statIfThere(path: string): Promise<FileOwner | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

interface FileOwner {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Writes a file that is there whole or not at all.
 * @param like whose mode and owner it takes; readable by its owner only if left out
 */
export async function writeWhole(path: string, text: string, like?: FileOwner): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.tmp`);
  const file = await open(temporary, 'w', OWN_ONLY);
  try {
    // An older file of that name may have had a wider mode.
    await file.chmod(like === undefined ? OWN_ONLY : like.mode & 0o777);
    // root makes tokens for a server that runs as somebody else
    if (like !== undefined && process.getuid?.() === 0) await file.chown(like.uid, like.gid);
    await file.writeFile(text);
    await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary);
    throw error;
  } finally {
    await file.close();
  }
}
