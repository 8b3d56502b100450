/**
 * Database files of the generator, made once for all tests and runs: kept in the system's
 * temporary folder under a name that stands for the arguments, the schema and the generator.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedSchema, makeNorthbound, type Profile } from './make.mjs';

export interface DatabaseFileOptions {
  readonly profile: Profile;
  /** Rows in all tables together, 300 or more; `small` always has 69. */
  readonly rows?: number;
  readonly seed?: number;
  /** `small` only: values that are legal but rare. */
  readonly edge?: boolean;
  /** The path of an .ovsschema. Default: the installed one. */
  readonly schema?: string;
}

/** The path of a standalone database file with these contents. Do not write to it: servers work on copies. */
export function databaseFile(options: DatabaseFileOptions): string {
  const { profile, rows = 10_000, seed = 1, edge = false, schema = installedSchema() } = options;
  const stamp = createHash('sha256').update(generatorText()).update(readFileSync(schema)).digest('hex').slice(0, 12);
  const size = profile === 'small' ? '' : `-${rows}`;
  const path = join(cacheFolder(), `${profile}${size}-${seed}${edge ? '-edge' : ''}-${stamp}.db`);
  if (!existsSync(path)) {
    // several test workers may get here at once: each writes its own, and the last rename wins
    const unfinished = `${path}.${process.pid}`;
    makeNorthbound({ profile, rows, seed, edge, schema, out: unfinished });
    renameSync(unfinished, path);
  }
  return path;
}

function cacheFolder(): string {
  const uid = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `ovncp-test-files-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid: owner } = lstatSync(folder);
  if (owner !== uid) throw new Error(`${folder} belongs to another user: remove it`);
  return folder;
}

function generatorText(): string {
  const root = fileURLToPath(new URL('.', import.meta.url));
  const files = (readdirSync(root, { recursive: true }) as string[]).filter((name) => name.endsWith('.mjs')).sort();
  return files.map((name) => readFileSync(join(root, name), 'utf8')).join('');
}
