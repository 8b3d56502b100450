/**
 * The file of static tokens. It holds only SHA-256 digests, so it is no secret:
 * {"tokens": [{"name", "sha256": 64 hex digits, "permissions": [...], "expiresAt"?: RFC 3339}]}
 * It is read again when it changes; a broken new version leaves the last good one in force.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { defined } from '../lib/defined.js';
import { messageOf } from '../lib/error.js';
import type { Log } from '../lib/log.js';
import type { Permission } from './permission.js';
import { PERMISSIONS } from './permission.js';

export interface StaticToken {
  readonly name: string;
  readonly digest: Buffer;
  readonly permissions: readonly Permission[];
  readonly expiresAtMs?: number;
}

const FILE_BYTES_MAX = 1024 * 1024;

const NAME_FAULT = 'is not a name: use letters, digits and . _ - @ (64 at most)';
export const TOKEN_NAME = z.string().regex(/^[\w.@ -]{1,64}$/, NAME_FAULT);

const ENTRY = z.strictObject({
  name: TOKEN_NAME,
  sha256: z.string().regex(/^[0-9a-fA-F]{64}$/, 'is not a SHA-256: write 64 hexadecimal digits'),
  permissions: z.array(z.enum(PERMISSIONS)).min(1),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});
const DOCUMENT = z.strictObject({ tokens: z.array(ENTRY).max(1_000) });

/** A token as the file has it. */
export type TokenEntry = Readonly<z.infer<typeof ENTRY>>;

export class TokenFile {
  private tokens: readonly StaticToken[] = [];
  private version = '';

  private constructor(
    private readonly path: string,
    private readonly log: Log,
  ) {}

  /** @throws Error that names the file and the fault: a server does not start with a broken token file */
  static async open(path: string, log: Log): Promise<TokenFile> {
    const file = new TokenFile(path, log);
    try {
      file.version = versionOf(path);
    } catch (error) {
      throw new Error(`The token file ${path} cannot be read (${messageOf(error)})`, { cause: error });
    }
    file.tokens = await load(path);
    return file;
  }

  /** The entry of this token, if there is one. Takes the same time whichever entry matches. */
  async find(token: string): Promise<StaticToken | undefined> {
    await this.refresh();
    const digest = createHash('sha256').update(token).digest();
    let found: StaticToken | undefined;
    for (const entry of this.tokens) {
      if (timingSafeEqual(entry.digest, digest)) found = entry;
    }
    return found;
  }

  private currentVersion(): string {
    try {
      return versionOf(this.path);
    } catch (error) {
      return `unreadable: ${messageOf(error)}`;
    }
  }

  private async refresh(): Promise<void> {
    const version = this.currentVersion();
    if (version === this.version) return;
    this.version = version;
    try {
      this.tokens = await load(this.path);
      this.log.info({ tokensFile: this.path, count: this.tokens.length }, 'token file read again');
    } catch (error) {
      this.log.error(
        { tokensFile: this.path, err: error },
        'token file is broken: its last good version stays in force',
      );
    }
  }
}

/**
 * Synchronous: it takes microseconds, while a turn of the thread pool is behind every fsync, gzip and scrypt there is.
 */
function versionOf(path: string): string {
  const { mtimeMs, ctimeMs, size, ino } = statSync(path);
  return `${mtimeMs}-${ctimeMs}-${size}-${ino}`;
}

async function load(path: string): Promise<readonly StaticToken[]> {
  return (await readTokenFile(path)).map((entry) => ({
    name: entry.name,
    digest: Buffer.from(entry.sha256, 'hex'),
    permissions: entry.permissions,
    ...defined({ expiresAtMs: entry.expiresAt === undefined ? undefined : Date.parse(entry.expiresAt) }),
  }));
}

/** @throws Error that names the file and the fault; the system's error when it cannot be read */
export async function readTokenFile(path: string): Promise<readonly TokenEntry[]> {
  const { size } = await stat(path);
  if (size > FILE_BYTES_MAX) throw new Error(`The token file ${path} is larger than ${FILE_BYTES_MAX} bytes`);
  const parsed = DOCUMENT.safeParse(parseJson(path, await readFile(path, 'utf8')));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(
      `The token file ${path} is not valid at ${issue?.path.join('.') || 'its top'}: ` +
        (issue?.message ?? 'unknown fault'),
    );
  }
  return parsed.data.tokens;
}

function parseJson(path: string, text: string): unknown {
  try {
    // an editor may have put a byte-order mark before it
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    // The parser's message quotes the file; somebody may have put a token there by mistake.
    throw new Error(`The token file ${path} is not JSON`, { cause: new Error((error as Error).name) });
  }
}
