/**
 * The database server of a drill: an ovsdb-server of this machine in a folder of its own, which listens on a socket in
 * it and nowhere else. It serves an empty database of any schema, and where northd is to run on it a Southbound too.
 * Their files lose their names while they are empty: what is restored may be the content of an encrypted backup, and
 * nothing of it outlives the server, whatever ends that.
 */
import { execFile } from 'node:child_process';
import { type FileHandle, open, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Clock, sleep } from '../../../lib/clock.js';
import { AppError, messageOf } from '../../../lib/error.js';
import { DatabaseClient } from '../../../ovsdb/client.js';
import type { DatabaseSchema } from '../../../ovsdb/database-schema.js';
import { stringifyJson } from '../../../ovsdb/json.js';
import type { Remote } from '../../../ovsdb/remote.js';
import { Daemon, scratchEnvironment } from './daemon.js';
import type { DrillPrograms } from './program.js';
import { fullDisk, saysFull, serverEnded } from './scratch-error.js';

const run = promisify(execFile);

const SOCKET = 'db.sock';
const LOG = 'ovsdb-server.log';
/** Of the path of a socket, as the system takes it. */
const SOCKET_PATH_BYTES_MAX = 107;
const START_MS_MAX = 30_000;
const LOOK_AGAIN_MS = 10;
const LOG_LINES_TOLD = 3;
/** What the tool ends with where it says why. */
const TOOL_REFUSES = 1;

export interface ScratchOptions {
  /** Of the drill, empty. */
  readonly folder: string;
  readonly programs: DrillPrograms;
  readonly schema: DatabaseSchema;
  /** Schema file of the Southbound. Left out: there is none. */
  readonly southboundSchema?: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export class ScratchDatabase {
  private readonly clients: DatabaseClient[] = [];

  private constructor(
    readonly daemon: Daemon,
    private readonly options: ScratchOptions,
    private readonly held: FileHandle,
  ) {}

  /** @throws AppError DATABASE_REFUSED for the schema; DATABASE_UNAVAILABLE, STORE_FULL; the signal's reason */
  static async start(options: ScratchOptions): Promise<ScratchDatabase> {
    const { folder, programs, schema, southboundSchema, signal } = options;
    const schemaFile = join(folder, 'backup.ovsschema');
    const files = [await createDatabase(options, 'backup.db', schemaFile, stringifyJson(schema.json))];
    if (southboundSchema !== undefined) files.push(await createDatabase(options, 'southbound.db', southboundSchema));
    const words = [`--remote=punix:${join(folder, SOCKET)}`, '--unixctl=none', `--log-file=${join(folder, LOG)}`];
    signal.throwIfAborted();
    const held = await open(folder);
    const daemon = new Daemon(programs.server, [...words, ...files], { folder, searchPath: programs.searchPath });
    const database = new ScratchDatabase(daemon, options, held);
    try {
      await database.listening();
      for (const file of files) await unlink(file);
      return database;
    } catch (error) {
      await database.stop();
      throw error;
    }
  }

  /** As the programs are told it: theirs may be as long as it likes. */
  get remote(): string {
    return `unix:${join(this.options.folder, SOCKET)}`;
  }

  /** A client of one of the databases, which ends with the server. */
  client(database: string): DatabaseClient {
    const client = new DatabaseClient({ remotes: [this.socket(SOCKET)], database, clock: this.options.clock });
    this.clients.push(client);
    return client;
  }

  /** Why the server has ended, in words for a message, where it has. */
  async lastWords(): Promise<string> {
    return logged(join(this.options.folder, LOG));
  }

  /** Ends the server. May be called twice. */
  async stop(): Promise<void> {
    await this.daemon.stop();
    for (const client of this.clients) await client.stop();
    await this.held.close();
  }

  /** Where this process finds a socket of the folder. One of too long a path is reached through the open folder. */
  socket(name: string): Remote {
    const path = join(this.options.folder, name);
    const fits = Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX;
    return { kind: 'unix', text: `unix:${path}`, path: fits ? path : `/proc/self/fd/${this.held.fd}/${name}` };
  }

  private async listening(): Promise<void> {
    const { clock, signal, schema } = this.options;
    const client = this.client(schema.name);
    const until = clock.monotonic() + START_MS_MAX;
    let ended: string | undefined;
    void this.daemon.ended.then((how) => (ended = how));
    for (;;) {
      signal.throwIfAborted();
      if (ended !== undefined) throw serverEnded(`${ended}${await this.lastWords()}`, dirname(this.options.folder));
      try {
        await client.withSession({ leader: true, signal, timeoutMs: 0 }, async () => undefined);
        return;
      } catch (error) {
        if (clock.monotonic() >= until)
          throw new AppError(
            'DATABASE_UNAVAILABLE',
            `The drill's ovsdb-server does not answer within ${START_MS_MAX / 1_000} s: ${messageOf(error)}`,
            { cause: error },
          );
      }
      await sleep(clock, LOOK_AGAIN_MS, signal);
    }
  }
}

/**
 * Makes an empty database with the tool, which checks the schema too.
 * @param schemaText of the backup; left out: `schemaFile` is one of this machine
 * @returns the file
 * @throws AppError DATABASE_REFUSED for a schema that the tool does not take; DATABASE_UNAVAILABLE, STORE_FULL
 */
async function createDatabase(
  { folder, programs, signal }: ScratchOptions,
  name: string,
  schemaFile: string,
  schemaText?: string,
): Promise<string> {
  const file = join(folder, name);
  if (schemaText !== undefined) await writeFile(schemaFile, schemaText, { mode: 0o600 });
  try {
    const env = scratchEnvironment({ folder, searchPath: programs.searchPath });
    await run(programs.tool, ['-vconsole:warn', '-vsyslog:off', 'create', file, schemaFile], {
      env,
      signal,
      cwd: folder,
      timeout: START_MS_MAX,
    });
    return file;
  } catch (error) {
    signal.throwIfAborted();
    const { stderr = '', code } = error as { readonly stderr?: string; readonly code?: unknown };
    const why = stderr === '' ? messageOf(error) : stderr;
    if (saysFull(why)) throw fullDisk(dirname(folder), oneLine(why), error);
    // with another code, or by a signal, it did not come to look at the schema
    const isRefused = schemaText !== undefined && code === TOOL_REFUSES && !why.includes('I/O error');
    throw new AppError(
      isRefused ? 'DATABASE_REFUSED' : 'DATABASE_UNAVAILABLE',
      `The ovsdb-tool of this machine cannot make a database of the schema: ${oneLine(why)}`,
      { cause: error },
    );
  }
}

/** What a program logged last, for the end of a message. */
export async function logged(file: string | FileHandle): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => ''); // it ended before it opened its log
  const lines = text.trim().split('\n').slice(-LOG_LINES_TOLD);
  return text === '' ? '' : `. It logged: ${oneLine(lines.join('\n'))}`;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, '; ');
}
