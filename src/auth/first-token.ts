/**
 * A fresh start without any authentication configured: makes one admin token, so that the
 * server is neither open nor out of reach. tokens.json (its digest) is written last: it is the
 * mark that the token exists.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../lib/disk-error.js';
import { errnoOf } from '../lib/error.js';
import { writeWhole } from '../lib/temporary-file.js';
import { newToken } from './token-edit.js';

export interface FirstToken {
  /** Where the token itself was written when it was made, mode 0600; undefined once somebody has deleted that. */
  readonly tokenFile?: string;
  /** Only on the start that made it: to be printed once. */
  readonly token?: string;
}

/** For createAuthenticator: it is there once the first token was made. */
export function ownTokensFile(folder: string): string {
  return join(folder, 'tokens.json');
}

/**
 * @param folder an existing or new folder of this server's own (BACKUP_PATH)
 * @throws the system's error where the folder cannot be written
 */
export async function ensureFirstToken(folder: string): Promise<FirstToken> {
  const tokensFile = ownTokensFile(folder);
  const tokenFile = join(folder, 'admin-token');
  if (await exists(tokensFile)) return (await exists(tokenFile)) ? { tokenFile } : {};
  await makeFolders(folder, 0o700);
  const { token, sha256 } = newToken();
  const document = { tokens: [{ name: 'admin', sha256, permissions: ['admin'] }] };
  await writeWhole(tokenFile, `${token}\n`);
  await writeWhole(tokensFile, `${JSON.stringify(document, null, 2)}\n`);
  return { tokenFile, token };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
