/** The programs of Open vSwitch and OVN that a drill runs, where they are, and which package brings them. */
import { access, constants, readFile, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { AppError, messageOf } from '../../../lib/error.js';
import { isObject, parseJson } from '../../../ovsdb/json.js';

/** Name -> Debian's package. */
const PACKAGES = {
  'ovsdb-server': 'openvswitch-common',
  'ovsdb-tool': 'openvswitch-common',
  'ovn-northd': 'ovn-central',
} as const;
export type ProgramName = keyof typeof PACKAGES;

/** Where daemons are, which an ordinary user's PATH lacks. */
const DAEMON_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
const USUAL_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin'];
/** Below the folder that a program's folder is in. */
const SCHEMA_FOLDERS = ['share/ovn', 'usr/share/ovn'];
const NORTHBOUND_SCHEMA = 'ovn-nb.ovsschema';
const SOUTHBOUND_SCHEMA = 'ovn-sb.ovsschema';

/** Paths. */
export interface DrillPrograms {
  readonly server: string;
  readonly tool: string;
  /** For the programs' own children. */
  readonly searchPath: string;
  /** Where it is wanted. */
  readonly northd?: NorthdProgram;
}

export interface NorthdProgram {
  readonly path: string;
  /** Schema file of the Southbound database that it writes. */
  readonly southboundSchema: string;
  /** Version of the Northbound schema that it knows. */
  readonly schemaVersion: string;
}

/**
 * @param folders of PATH; empty where it is not set
 * @throws AppError DATABASE_UNAVAILABLE that names what is missing, and the package that brings it
 */
export async function findPrograms(folders: readonly string[], needsNorthd: boolean): Promise<DrillPrograms> {
  // they run in another folder
  const given = folders.filter(isAbsolute);
  const all = [...(given.length === 0 ? USUAL_FOLDERS : given), ...DAEMON_FOLDERS];
  const [server, tool] = [await find('ovsdb-server', all), await find('ovsdb-tool', all)];
  const found = { server, tool, searchPath: all.join(':') };
  return needsNorthd ? { ...found, northd: await findNorthd(all) } : found;
}

async function find(name: ProgramName, folders: readonly string[]): Promise<string> {
  for (const folder of folders) {
    const path = join(folder, name);
    if (await isThere(path, constants.X_OK)) return path;
  }
  throw missing(name, `A drill runs ${name}, which is not installed on this machine`);
}

async function findNorthd(folders: readonly string[]): Promise<NorthdProgram> {
  const path = await find('ovn-northd', folders);
  const places = [path, await realpath(path)].flatMap((at) =>
    SCHEMA_FOLDERS.map((folder) => join(dirname(dirname(at)), folder)),
  );
  for (const place of places) {
    const southboundSchema = join(place, SOUTHBOUND_SCHEMA);
    const northboundSchema = join(place, NORTHBOUND_SCHEMA);
    if ((await isThere(southboundSchema)) && (await isThere(northboundSchema)))
      return { path, southboundSchema, schemaVersion: await schemaVersion(northboundSchema) };
  }
  throw missing(
    'ovn-northd',
    `The schemas of ${path} are not on this machine: neither ${places[0] ?? ''} nor any other place has them`,
  );
}

function missing(name: ProgramName, what: string): AppError {
  const without = name === 'ovn-northd' ? ', or drill without it (`northd` false)' : '';
  return new AppError('DATABASE_UNAVAILABLE', `${what}: install Debian's package ${PACKAGES[name]}${without}`);
}

async function schemaVersion(file: string): Promise<string> {
  try {
    const schema = parseJson(await readFile(file, 'utf8'));
    const version = isObject(schema) ? schema['version'] : undefined;
    if (typeof version === 'string') return version;
    throw new Error('it has no version');
  } catch (error) {
    throw new AppError('DATABASE_UNAVAILABLE', `The schema ${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function isThere(path: string, mode = constants.R_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false, // that it may not be used is as if it were not there
  );
}

/** Whether one version of a schema, such as 7.3.0, is older than another. Pure. */
export function isOlder(one: string, other: string): boolean {
  const [a, b] = [one, other].map((version) => version.split('.').map(Number)) as [number[], number[]];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
