/**
 * Who holds a folder, and whether he lives: as far as this can be told from here.
 *
 * A process is known by its id and its start time. Both mean something only to who sees the same processes: the same
 * boot of the same machine (its boot id), and the same PID namespace, as each container has its own. Of any other
 * process nothing can be told, and folder-lock.ts has to watch its lock.
 */
import { randomBytes } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { errnoOf } from '../../lib/error.js';

const holderSchema = z.object({
  pid: z.int().positive(),
  /** The boot id, a space, ticks since the boot; null where the system does not tell. */
  startedAt: z.string().nullable(),
  /** The PID namespace; null where the system does not tell, missing in the locks of earlier versions. */
  namespace: z.string().nullable().optional(),
  host: z.string().optional(),
  nonce: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

/** UNKNOWN: nobody can tell from here. */
export type Life = 'ALIVE' | 'DEAD' | 'UNKNOWN';

export interface FoundHolder {
  readonly life: Life;
  /** Completes "Another server (...)". */
  readonly name: string;
}

/** The text of a lock that this process holds: no two are the same. */
export async function ownLock(): Promise<string> {
  const holder: Holder = {
    pid: process.pid,
    ...(await here()),
    host: hostname(),
    nonce: randomBytes(8).toString('hex'),
  };
  return `${JSON.stringify(holder)}\n`;
}

/** Reads the text of a lock. A text that is no lock of ours has nobody behind it. */
export async function holderOf(text: string): Promise<FoundHolder> {
  const holder = parseHolder(text);
  if (holder === undefined) return { life: 'DEAD', name: 'unknown' };
  const { pid, startedAt, namespace, host } = holder;
  const own = await here();
  const isHere =
    namespace !== undefined &&
    namespace !== null &&
    namespace === own.namespace &&
    bootOf(startedAt) !== undefined &&
    bootOf(startedAt) === bootOf(own.startedAt);
  const isEarlierVersion = namespace === undefined && own.namespace !== null;
  const name = isHere || isEarlierVersion ? `process ${pid}` : `process ${pid} of ${host ?? 'another machine'}`;
  if (isHere) return { life: (await isRunning(pid, startedAt)) ? 'ALIVE' : 'DEAD', name };
  // a server of an earlier version does not say where it runs; if it is here, it is known by its start time
  if (isEarlierVersion && startedAt !== null && (await startOf(pid)) === startedAt) return { life: 'ALIVE', name };
  return { life: 'UNKNOWN', name };
}

/** Whether the process of this id is the one that began then: ids are used again. */
async function isRunning(pid: number, startedAt: string | null): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false;
    if (errnoOf(error) !== 'EPERM') throw error; // EPERM: it lives and is somebody else's
  }
  const found = await startOf(pid);
  // what is somebody else's may be hidden in /proc
  return found === undefined || found === startedAt;
}

function parseHolder(text: string): Holder | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined; // a lock appears whole, so this is none
  }
  const parsed = holderSchema.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}

function bootOf(startedAt: string | null): string | undefined {
  return startedAt?.split(' ')[0] || undefined;
}

/** When and where this process began. */
async function here(): Promise<{ readonly startedAt: string | null; readonly namespace: string | null }> {
  // where /proc belongs to another namespace its numbers are not ours
  if ((await orMissing(readlink('/proc/self'))) !== String(process.pid)) return { startedAt: null, namespace: null };
  return {
    startedAt: (await startOf(process.pid)) ?? null,
    namespace: (await orMissing(readlink('/proc/self/ns/pid'))) ?? null,
  };
}

const DEAD = 'dead';

/** When a process began, or DEAD; undefined when there is none of this id, or the system does not tell. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await orMissing(readFile(`/proc/${pid}/stat`, 'utf8'));
  const boot = (await orMissing(readFile('/proc/sys/kernel/random/boot_id', 'utf8')))?.trim();
  if (stat === undefined || boot === undefined) return undefined;
  // "pid (command) state ppid ...": the command may hold anything, so count from the last bracket. See proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const ticks = fields[19];
  // Z and X: only nobody has collected it yet
  if (state === 'Z' || state === 'X') return DEAD;
  return ticks === undefined ? undefined : `${boot} ${ticks}`;
}

async function orMissing(text: Promise<string>): Promise<string | undefined> {
  try {
    return await text;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ESRCH' || errno === 'EACCES' || errno === 'EPERM') return undefined;
    throw error;
  }
}
