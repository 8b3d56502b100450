/**
 * The store: bytes under keys, and the errors of it.
 *
 * It knows nothing of backups. A key is a file name, or one folder and a file name
 * (`restores/4f1c.json`); service/backup/layout.ts makes the keys, service/job/job-record.ts those of jobs. Whatever a
 * store is made of, a write is invisible until it is whole, and an existing object is never overwritten
 * unless the caller says so.
 */
import type { Readable } from 'node:stream';
import { AppError } from '../lib/error.js';

export interface PutOptions {
  /** Take the place of an object that has this key already (atomically). */
  readonly replace?: boolean;
  /** Gives the write up; `put` then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** False for what need not outlast a power cut: it is not waited for to reach the disk. True if left out. */
  readonly durable?: boolean;
}

/** Bytes `start` (first one included) to `end` (not included), as in `slice`. */
export interface ByteRange {
  readonly start?: number;
  readonly end?: number;
}

export interface ObjectStat {
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/**
 * Every method throws AppError STORE_UNAVAILABLE when the store does not answer as it should, and
 * BAD_USER_INPUT for a key that is none.
 */
export interface Store {
  /**
   * Stores a whole object and makes it durable. The chunks of `source` are written after it has
   * yielded further ones, so it must not change what it yielded.
   *
   * Nothing is there, not even in part, when it throws: an error of `source` as it is, the reason of
   * `signal`, KeyTaken, STORE_FULL.
   * @returns bytes stored
   */
  put(
    key: string,
    source: AsyncIterable<Uint8Array> | Uint8Array,
    options?: PutOptions,
  ): Promise<{ readonly size: number }>;

  /**
   * The bytes of an object, also when it is deleted meanwhile; the reader ends or destroys the stream. Throws
   * NOT_FOUND.
   */
  get(key: string, range?: ByteRange): Promise<Readable>;

  /** A small object whole. Throws NOT_FOUND, and TOO_LARGE when it has more than `limitBytes`. */
  read(key: string, limitBytes: number): Promise<Buffer>;

  /** Undefined when there is no such object. */
  stat(key: string): Promise<ObjectStat | undefined>;

  /** All keys that begin with `prefix`, sorted. */
  list(prefix?: string): Promise<readonly string[]>;

  /** Durable when it returns. False when there was no such object. */
  delete(key: string): Promise<boolean>;

  /** Removes what writes left behind when the process died, and answers with the names of it. */
  sweep(): Promise<readonly string[]>;

  /** Waits for the writes under way, then lets another process have the store. */
  close(): Promise<void>;
}

/** `put` without `replace` met an object that has this key. */
export class KeyTaken extends AppError {
  readonly key: string;

  constructor(key: string) {
    super('CONFLICT', `The backup store holds an object named ${key} already.`);
    this.name = 'KeyTaken';
    this.key = key;
  }
}

// A segment begins with neither a dot (hidden, and temporary, names) nor anything a path could be made of.
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}$/;

/** A file name, or one folder and a file name, of ASCII letters, digits, dot, dash and underscore. */
export function isKey(key: string): boolean {
  const segments = key.split('/');
  return segments.length <= 2 && segments.every((segment) => SEGMENT.test(segment));
}

export function noSuchKey(key: string, cause?: unknown): AppError {
  return new AppError('NOT_FOUND', `The backup store holds no object named ${key}.`, { cause });
}

/** @throws AppError BAD_USER_INPUT for what is no key */
export function checkKey(key: string): void {
  if (isKey(key)) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `Not a key of the backup store: ${JSON.stringify(key)}. A key is a file name, or one folder and a file ` +
      'name, of letters, digits, dot, dash and underscore.',
  );
}

export function storeClosed(): AppError {
  return new AppError('SHUTTING_DOWN', 'The backup store is closed: the server is shutting down.');
}
