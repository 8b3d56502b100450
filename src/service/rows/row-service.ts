/** Looking into configurations: rows of backups, and of databases as they are now. */
import { type ConfigurationRef, openAll, type Source, type SourceParts, sourceOf } from '../configuration/source.js';
import type { RunningWork } from '../job/running-work.js';
import type { Asker } from '../job/turns.js';
import { HeldConfigurations, type HeldParts } from './held-configurations.js';
import { type ConfigurationRow, LookedInto, type RowPage, type RowPageRequest } from './looked-into.js';

export interface RowServiceParts extends SourceParts, HeldParts {
  readonly work: RunningWork;
}

/** Who looks into what. */
export interface Looking extends Asker {
  readonly of: ConfigurationRef;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export interface RowsRequest extends Looking, RowPageRequest {
  readonly table: string;
  /** Only rows that it finds, as `search` does. */
  readonly search?: string | undefined;
}

export interface SearchRequest extends Looking, RowPageRequest {
  readonly text: string;
}

export interface RowRequest extends Looking {
  readonly table: string;
  readonly uuid: string;
}

/**
 * All throw AppError NOT_FOUND, DECRYPTION_FAILED, INTEGRITY_FAILED, DATABASE_UNAVAILABLE, RATE_LIMITED, SHUTTING_DOWN,
 * and BAD_USER_INPUT for a table or a page that is none.
 */
export class RowService {
  private readonly held: HeldConfigurations;
  /** What is read at the moment, by what it is read from: who asks for the same waits for that. */
  private readonly reading = new Map<string, Promise<unknown>>();

  constructor(private readonly parts: RowServiceParts) {
    this.held = new HeldConfigurations(parts);
  }

  rows(request: RowsRequest): Promise<RowPage> {
    const { table, search, signal } = request;
    return this.look(request, (looked) => looked.rows(table, search, request, signal));
  }

  search(request: SearchRequest): Promise<RowPage> {
    return this.look(request, (looked) => looked.search(request.text, request, request.signal));
  }

  /** Undefined where it is not there. */
  row(request: RowRequest): Promise<ConfigurationRow | undefined> {
    return this.look(request, async (looked) => looked.row(request.table, request.uuid));
  }

  private look<T>(asker: Looking, use: (looked: LookedInto) => Promise<T>): Promise<T> {
    const { work } = this.parts;
    return work.run('look-up', async () => {
      const source = sourceOf(asker.of, this.parts);
      if ((await this.find(asker.of)) !== undefined) {
        const found = await work.inLookUpTurn(asker, async () => {
          // while it waited, it may have been let go of
          const looked = await this.find(asker.of);
          return looked === undefined ? undefined : { answer: await use(looked) };
        });
        if (found !== undefined) return found.answer;
      }
      const read = async (): Promise<T> => use(await this.read(asker, source));
      return source.isLive
        ? work.inDatabaseTurn(source.databases, asker, (signal) => openAll([source], signal), read)
        : work.inStoreTurn(asker, read);
    });
  }

  private async find(of: ConfigurationRef): Promise<LookedInto | undefined> {
    return this.held.find(of, await this.held.originOf(of));
  }

  private async read({ of, signal }: Looking, source: Source): Promise<LookedInto> {
    const name = of.backupId ?? `live ${of.database ?? ''}`;
    for (let other = this.reading.get(name); other !== undefined; other = this.reading.get(name))
      await Promise.allSettled([other]);
    signal.throwIfAborted();
    const reading = this.readUnlessHeld(of, source, signal);
    this.reading.set(name, reading);
    try {
      return await reading;
    } finally {
      this.reading.delete(name);
    }
  }

  private async readUnlessHeld(of: ConfigurationRef, source: Source, signal: AbortSignal): Promise<LookedInto> {
    const before = await this.held.originOf(of);
    const held = this.held.find(of, before);
    if (held !== undefined) return held;
    const { snapshot } = await source.read(signal);
    const looked = await LookedInto.of(snapshot);
    if ((await this.held.originOf(of)) === before) this.held.keep(of, before, looked);
    return looked;
  }
}
