/**
 * Names of files that are not whole yet, or that nobody needs once the process is gone. A server that starts removes
 * what it finds under such names in the folder of the backups.
 */
import { randomBytes } from 'node:crypto';

export const TEMPORARY_PREFIX = '.tmp-';

/** @param purpose for whoever lists the folder */
export function temporaryName(purpose = ''): string {
  return `${TEMPORARY_PREFIX}${purpose}${randomBytes(12).toString('hex')}`;
}
