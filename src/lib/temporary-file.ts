/**
 * Files that are not whole yet, or that nobody needs once the process is gone. A server that starts removes what it
 * finds under their names in the folder of the backups.
 *
 * Others may write in the folder, and root may be the one who writes here: nobody can guess the name, a file or a link
 * that has it already is never written to, and mode and owner are set on the open file.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

export const TEMPORARY_PREFIX = '.tmp-';

/** What `writeWhole` writes before it has its name. */
const BESIDE = /\.[0-9a-f]{24}\.tmp$/;
const OWN_ONLY = 0o600;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** @param purpose for whoever lists the folder */
export function temporaryName(purpose = ''): string {
  return `${TEMPORARY_PREFIX}${purpose}${chance()}`;
}

/** Whether a file of this name is one that was not whole yet, or that nobody needed any more. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith(TEMPORARY_PREFIX) || BESIDE.test(name);
}

export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Of a new file. */
export interface FileAccess {
  /** Left out: only its owner reads and writes it. */
  readonly mode?: number;
  /** Left out: this process's user. */
  readonly owner?: FileOwner | undefined;
}

/**
 * Puts a small file in the place of another one: after a crash there is the old one or the new one. A link of that name
 * is replaced, and not followed.
 * @throws the system's error
 */
export async function writeWhole(
  path: string,
  text: string,
  { mode = OWN_ONLY, owner }: FileAccess = {},
): Promise<void> {
  const temporary = `${path}.${chance()}.tmp`;
  const file = await open(temporary, NEW_FILE, OWN_ONLY);
  try {
    try {
      if (owner !== undefined) await file.chown(owner.uid, owner.gid);
      await file.chmod(mode); // the umask may have taken bits away
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined); // the error below says what is wrong with the disk
    throw error;
  }
  await syncFolderOf(path);
}

function chance(): string {
  return randomBytes(12).toString('hex');
}

/** Makes a name, or that it is gone, durable. */
export async function syncFolderOf(path: string): Promise<void> {
  const handle = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
