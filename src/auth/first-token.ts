/**
 * A fresh start without any authentication configured: makes one admin token, so that the
 * server is neither open nor out of reach. tokens.json (its digest) is written last: it is the
 * mark that the token exists.
 */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../lib/error.js';
import { writeWhole } from '../lib/temporary-file.js';
import { newToken } from './token-edit.js';

export interface FirstToken {
  /** For createAuthenticator. */
  readonly tokensFile: string;
  /** Where the token itself was written when it was made, mode 0600. */
  readonly tokenFile: string;
  /** Only on the start that made it: to be printed once. */
  readonly token?: string;
}

/**
 * @param folder an existing or new folder of this server's own (BACKUP_PATH)
 * @throws the system's error where the folder cannot be written
 */
export async function ensureFirstToken(folder: string): Promise<FirstToken> {
  const tokensFile = join(folder, 'tokens.json');
  const tokenFile = join(folder, 'admin-token');
  if (await exists(tokensFile)) return { tokensFile, tokenFile };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { token, sha256 } = newToken();
  const document = { tokens: [{ name: 'admin', sha256, permissions: ['admin'] }] };
  await writeWhole(tokenFile, `${token}\n`);
  await writeWhole(tokensFile, `${JSON.stringify(document, null, 2)}\n`);
  return { tokensFile, tokenFile, token };
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
