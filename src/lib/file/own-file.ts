/** Files that decide what a server does: nobody but their owner may be able to change them. */
import { type Stats, statSync } from 'node:fs';

const WRITABLE_BY_OTHERS = 0o022;
const WRITABLE_BY_ALL = 0o002;
/** In such a folder only its owner may replace a file. */
const STICKY = 0o1000;

/**
 * Whoever can write the file, or put another one in its place, decides what is in it.
 * @returns why it must not be believed; completes "The file X ..."
 */
export function changeableByOthers({ mode }: Stats, folder: string): string | undefined {
  if ((mode & WRITABLE_BY_OTHERS) !== 0)
    return `can be changed by others than its owner (mode ${octal(mode)}): take that right from them, chmod go-w`;
  const { mode: folderMode } = statSync(folder);
  if ((folderMode & WRITABLE_BY_ALL) !== 0 && (folderMode & STICKY) === 0)
    return `is in a folder where everybody can replace it (${folder}, mode ${octal(folderMode)}): chmod o-w that`;
  return undefined;
}

export function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
