/**
 * Names of files: link(2), rename(2) and unlink(2), with the truth about what they did.
 *
 * Over NFS a request whose answer is lost is sent again, and the second answer speaks of the second try: link(2) says
 * EEXIST, and the other two say ENOENT, although the first try did it. Which file has the name by now tells.
 */
import { type FileHandle, link, lstat, rename, unlink } from 'node:fs/promises';
import { errnoOf } from '../../lib/error.js';

/** A file that was written. */
export interface Written {
  readonly path: string;
  /** Tells it from all other files, whatever their names: see identityOf. */
  readonly identity: string;
}

export async function identityOf(handle: FileHandle): Promise<string> {
  const { dev, ino } = await handle.stat({ bigint: true });
  return `${dev} ${ino}`;
}

/** Gives a file a second name. @returns false when another file has that name. @throws the system's error */
export async function linkNew({ path, identity }: Written, name: string): Promise<boolean> {
  try {
    await link(path, name);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return (await identityAt(name)) === identity;
  }
}

/** Gives a file another name, in the place of whatever had it. @throws the system's error */
export async function renameOver({ path, identity }: Written, name: string): Promise<void> {
  try {
    await rename(path, name);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || (await identityAt(name)) !== identity) throw error;
  }
}

/** Takes a name away, if it is there. @throws the system's error */
export async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

async function identityAt(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await lstat(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
