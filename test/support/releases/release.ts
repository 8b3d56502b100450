/**
 * OVN releases that the tests run side by side: the installed one, and those of fetch.mjs, each with its own programs,
 * libraries and schemas. A release that cannot be had is missing, with the reason: its tests are skipped.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../../../src/lib/error.js';
import { installedSchema } from '../northbound/make.mjs';
import { run } from '../programs/programs.js';
import { environment } from '../servers/ovsdb-server.js';
import { FETCHED_RELEASES, type FetchedRelease, fetchCommand, folderOf, isFetched, whyMissing } from './fetch.mjs';

export class Release {
  private constructor(
    /** "25.03" */
    readonly name: string,
    /** What `ovn-nbctl --version` says. */
    readonly versions: { readonly ovn: string; readonly schema: string },
    /** Where its programs are; those that are installed where it is undefined. */
    readonly programs: string | undefined,
    private readonly schemas: string,
  ) {}

  /** The one that is installed. */
  static installed(): Promise<Release> {
    return Release.in(undefined, dirname(installedSchema()));
  }

  /** One that has been fetched. */
  static fetched(release: FetchedRelease): Promise<Release> {
    const folder = folderOf(release);
    return Release.in(join(folder, 'bin'), join(folder, 'usr/share/ovn'));
  }

  private static async in(programs: string | undefined, schemas: string): Promise<Release> {
    const { stdout } = await run('ovn-nbctl', ['--version'], { env: environment({}, programs) });
    const [, ovn, name] = /^ovn-nbctl ((\d+\.\d+)\S*)/m.exec(stdout) ?? [];
    const schema = /^DB Schema (\S+)/m.exec(stdout)?.[1];
    if (ovn === undefined || name === undefined || schema === undefined)
      throw new Error(`ovn-nbctl --version says no version:\n${stdout}`);
    return new Release(name, { ovn, schema }, programs, schemas);
  }

  /** The path of its .ovsschema. */
  schema(of: 'ovn-nb' | 'ovn-sb'): string {
    const path = join(this.schemas, `${of}.ovsschema`);
    if (!existsSync(path)) throw new Error(`OVN ${this.name} has no schema ${path}`);
    return path;
  }

  /** Runs its ovn-nbctl against a server and gives what it printed. */
  async nbctl(remote: string, ...words: readonly string[]): Promise<string> {
    const { stdout } = await run('ovn-nbctl', [`--db=${remote}`, '--timeout=30', ...words], {
      env: environment({}, this.programs),
      timeout: 60_000,
    });
    return stdout;
  }
}

/** A release that is not here. */
export interface MissingRelease {
  readonly name: string;
  /** In one line. */
  readonly reason: string;
}

export function isMissing(release: Release | MissingRelease): release is MissingRelease {
  return 'reason' in release;
}

let all: Promise<readonly (Release | MissingRelease)[]> | undefined;

/**
 * The installed release first, then the others. Fetches those that nobody has tried to fetch: `npm test` has, before
 * the tests. May be asked in several processes at once.
 */
export function everyRelease(): Promise<readonly (Release | MissingRelease)[]> {
  all ??= find();
  return all;
}

async function find(): Promise<readonly (Release | MissingRelease)[]> {
  let failure = 'it was not fetched';
  if (FETCHED_RELEASES.some((release) => !isFetched(release) && whyMissing(release) === undefined)) {
    const [command, ...words] = fetchCommand();
    await run(command, words).catch((error: unknown) => {
      failure = messageOf(error);
    });
  }
  const installed = await Release.installed();
  const others = FETCHED_RELEASES.filter(({ name }) => name !== installed.name);
  const found = others.map(async (release): Promise<Release | MissingRelease> => {
    if (isFetched(release)) return Release.fetched(release);
    const reason = whyMissing(release) ?? failure;
    process.stderr.write(`tests: those of OVN ${release.name} are skipped: ${reason}\n`);
    return { name: release.name, reason };
  });
  return [installed, ...(await Promise.all(found))];
}
