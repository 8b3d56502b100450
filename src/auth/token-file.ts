/**
 * The file of static tokens. It holds only SHA-256 digests, so it is no secret:
 * {"tokens": [{"name", "sha256": 64 hex digits, "permissions": [...], "expiresAt"?: RFC 3339, "databases"?: [ids]}]}
 * It is read again when it changes; a broken new version leaves the last good one in force. While the file is missing,
 * cannot be read, or can be changed by others than its owner, no token of it is taken: the door is closed.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { defined } from '../lib/defined.js';
import { errnoOf } from '../lib/error.js';
import { changeableByOthers } from '../lib/file/own-file.js';
import type { Log } from '../lib/log.js';
import { reasonOf } from '../lib/system-error.js';
import { withoutMark } from '../lib/text/byte-order-mark.js';
import { looksOwn, OWN_NAME_FAULT } from './own-name.js';
import type { Permission } from './permission.js';
import { PERMISSIONS } from './permission.js';

export interface StaticToken {
  readonly name: string;
  readonly digest: Buffer;
  readonly permissions: readonly Permission[];
  readonly expiresAtMs?: number;
  /** Left out: all. */
  readonly databases?: ReadonlySet<string>;
}

const FILE_BYTES_MAX = 1024 * 1024;

const NAME_FAULT = 'is not a name: use letters, digits, spaces and . _ - @ (64 at most)';
export const TOKEN_NAME = z.string().regex(/^[\w.@ -]{1,64}$/, NAME_FAULT);

/** What a database may be called here: as in the configuration, where capital letters are no more allowed. */
export const DATABASE_ID = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9-_.]{0,62}$/, 'is not the id of a database: it is what the configuration calls it');
export const TOKEN_DATABASES_MAX = 100;

const ENTRY = z.strictObject({
  name: TOKEN_NAME,
  sha256: z.string().regex(/^[0-9a-fA-F]{64}$/, 'is not a SHA-256: write 64 hexadecimal digits'),
  permissions: z.array(z.enum(PERMISSIONS)).min(1),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  databases: z.array(DATABASE_ID).min(1).max(TOKEN_DATABASES_MAX).optional(),
});
const DOCUMENT = z.strictObject({ tokens: z.array(ENTRY).max(1_000) });

/** A token as the file has it. */
export type TokenEntry = Readonly<z.infer<typeof ENTRY>>;

export class TokenFile {
  private tokens: readonly StaticToken[] = [];
  private version = '';
  /** Why no token is taken, if none is. */
  private fault: string | undefined;
  private reading: Promise<void> = Promise.resolve();

  private constructor(
    private readonly path: string,
    private readonly log: Log,
  ) {}

  /**
   * @param mayCome it may be missing: no token is taken until it is there
   * @throws Error that names the file and the fault: a server does not start with a broken token file
   */
  static async open(path: string, log: Log, mayCome = false): Promise<TokenFile> {
    const file = new TokenFile(path, log);
    const { version, fault, isMissing } = lookAt(path);
    file.version = version;
    if (isMissing === true && mayCome) file.fault = fault;
    else if (fault === undefined) file.tokens = await load(path);
    else throw new Error(`The token file ${path} ${fault}`);
    file.tellOwnName();
    return file;
  }

  /** Whether no token is taken now, whatever it is. */
  get isClosed(): boolean {
    return this.fault !== undefined;
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

  private async refresh(): Promise<void> {
    const { version, fault } = lookAt(this.path);
    if (version !== this.version) {
      this.version = version;
      if (fault !== undefined) this.close(fault);
      this.reading = fault === undefined ? this.readAgain(version) : Promise.resolve();
    }
    await this.reading;
  }

  private async readAgain(version: string): Promise<void> {
    try {
      const tokens = await load(this.path);
      // while it was read it may have changed again
      if (this.version !== version) return;
      this.tokens = tokens;
      this.fault = undefined;
      this.tellOwnName();
      this.log.info({ tokensFile: this.path, count: this.tokens.length }, 'token file read again');
    } catch (error) {
      if (this.version !== version) return;
      if (errnoOf(error) !== undefined)
        this.close(`cannot be read (${reasonOf(error)}): let the user of this server read it`);
      else if (this.fault === undefined)
        this.log.error(
          { tokensFile: this.path, err: error },
          'token file is broken: its last good version stays in force',
        );
      else this.log.error({ tokensFile: this.path, err: error }, 'token file is broken: none of its tokens is taken');
    }
  }

  /** A token of an older version may have it: it goes on, so that nobody is locked out. */
  private tellOwnName(): void {
    const token = this.tokens.find(({ name }) => looksOwn(name));
    if (token !== undefined)
      this.log.warn({ tokensFile: this.path }, `the name of token "${token.name}" ${OWN_NAME_FAULT}, and revoke it`);
  }

  private close(fault: string): void {
    this.tokens = [];
    this.fault = fault;
    this.log.error(
      { tokensFile: this.path, problem: fault },
      `no token is taken until this is mended: the token file ${fault}`,
    );
  }
}

interface Look {
  /** Another one for every state of the file. */
  readonly version: string;
  /** Why its tokens must not be taken; completes "The token file X ...". */
  readonly fault?: string | undefined;
  readonly isMissing?: boolean;
}

/**
 * Synchronous: it takes microseconds, while a turn of the thread pool is behind every fsync, gzip and scrypt there is.
 */
function lookAt(path: string): Look {
  try {
    const stats = statSync(path);
    const { mtimeMs, ctimeMs, size, ino, mode } = stats;
    const fault = changeableByOthers(stats, dirname(path));
    return { version: [mtimeMs, ctimeMs, size, ino, mode, fault].join('-'), fault };
  } catch (error) {
    const isMissing = errnoOf(error) === 'ENOENT';
    const fault = isMissing
      ? 'is missing: make it with npm run token, or set OVNCP_TOKENS_FILE to the file that there is'
      : `cannot be read (${reasonOf(error)}): let the user of this server read it`;
    return { version: fault, fault, isMissing };
  }
}

async function load(path: string): Promise<readonly StaticToken[]> {
  return (await readTokenFile(path)).map((entry) => ({
    name: entry.name,
    digest: Buffer.from(entry.sha256, 'hex'),
    permissions: entry.permissions,
    ...defined({
      expiresAtMs: entry.expiresAt === undefined ? undefined : Date.parse(entry.expiresAt),
      databases: entry.databases && new Set(entry.databases),
    }),
  }));
}

const REPAIR = 'Correct it, or put the file away and make the tokens again with npm run token';

/** @throws Error that names the file, the place in it and the fault; the system's error when it cannot be read */
export async function readTokenFile(path: string): Promise<readonly TokenEntry[]> {
  const { size } = await stat(path);
  if (size > FILE_BYTES_MAX)
    throw new Error(`The token file ${path} is larger than ${FILE_BYTES_MAX} bytes: is it another file?`);
  const parsed = DOCUMENT.safeParse(parseJson(path, await readFile(path, 'utf8')));
  if (parsed.success) return parsed.data.tokens;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') ?? '';
  throw new Error(
    `The token file ${path} is not valid at ${place === '' ? 'its top' : place}: ` +
      `${issue === undefined ? 'unknown fault' : faultOfEntry(issue)}. ${REPAIR}`,
  );
}

/** In our own words, which hold names of the file and no values. */
function faultOfEntry(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `"${issue.keys.join('", "').slice(0, 200)}" is not known here`;
  if (issue.code === 'invalid_type')
    return /received undefined$/.test(issue.message) ? `is missing (${issue.expected})` : `takes ${issue.expected}`;
  if (issue.code === 'invalid_value') return `takes one of ${issue.values.join(', ')}`;
  if (issue.code === 'too_small') return 'is empty';
  if (issue.code === 'too_big') return `has more than ${issue.maximum} entries`;
  if (issue.code === 'invalid_format' && issue.format === 'datetime')
    return 'is not a time: write it like 2030-12-31T00:00:00Z';
  return issue.message;
}

function parseJson(path: string, text: string): unknown {
  if (withoutMark(text).trim() === '') throw new Error(`The token file ${path} is empty. ${REPAIR}`);
  try {
    // an editor may have put a byte-order mark before it
    return JSON.parse(withoutMark(text));
  } catch (error) {
    // The parser's message quotes the file; somebody may have put a token there by mistake.
    const at = /at position (\d+)/.exec((error as Error).message)?.[1];
    const line = at === undefined ? '' : ` (line ${withoutMark(text).slice(0, Number(at)).split('\n').length})`;
    throw new Error(`The token file ${path} is not JSON${line}. ${REPAIR}`, {
      cause: new Error((error as Error).name),
    });
  }
}
