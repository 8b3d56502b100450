/** How the names of a server's scratch folders begin: by that a later start of it knows them for its own. */
import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { hostname } from 'node:os';

const MACHINE_ID = '/etc/machine-id';
const DIGITS = 16;

/**
 * Of the machine and the place of the backup folder too: a copy of that has the same name in it, and may share with it
 * the folder where scratch databases are made.
 * @param name that is kept in the backup folder
 * @param storeFolder the backup folder
 */
export async function scratchPrefix(name: string, storeFolder: string): Promise<string> {
  const words = [name, await machine(), await realpath(storeFolder)];
  return `.drill-${createHash('sha256').update(words.join('\n')).digest('hex').slice(0, DIGITS)}-`;
}

async function machine(): Promise<string> {
  const id = await readFile(MACHINE_ID, 'utf8').catch(() => ''); // containers have none
  return id.trim() === '' ? hostname() : id.trim();
}
