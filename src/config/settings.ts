/** The settings of a server: what the environment says, and the configuration file where that says nothing. */
import { nearestNames } from '../lib/text/nearest.js';
import { type ConfigFile, readConfigFile } from './config-file.js';
import { type Given, NAMES, type Name } from './setting.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export class Settings {
  private constructor(
    private readonly given: ReadonlyMap<Name, Given>,
    private readonly inEnvironment: ReadonlySet<Name>,
    readonly file: ConfigFile | undefined,
    /** Of the environment's names and of the file. */
    readonly faults: readonly string[],
  ) {}

  static read(env: Environment): Settings {
    const path = env['OVNCP_CONFIG'] ?? '';
    const file = path === '' ? undefined : readConfigFile(path);
    const given = new Map(file?.settings);
    const inEnvironment = new Set<Name>();
    for (const name of NAMES) {
      const text = env[name] ?? '';
      if (text === '') continue;
      inEnvironment.add(name);
      given.set(name, { text, name, place: name });
    }
    return new Settings(given, inEnvironment, file, [...unknownVariables(env), ...(file?.faults ?? [])]);
  }

  /** Variable -> what it is. */
  texts(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.given].map(([name, { text }]) => [name, text]));
  }

  get(name: Name): Given | undefined {
    return this.given.get(name);
  }

  isInEnvironment(name: Name): boolean {
    return this.inEnvironment.has(name);
  }

  /** What a message calls it: a variable, unless the file says it. */
  nameOf(name: Name): string {
    return this.given.get(name)?.name ?? name;
  }

  /** Where a message of a fault begins. */
  placeOf(name: Name): string {
    return this.given.get(name)?.place ?? name;
  }
}

/** Set for the commands of the README, perhaps in the terminal in which the server then starts. */
const NOT_OURS: readonly string[] = ['OVNCP_URL'];

/** A typo in a security setting must not pass silently: every OVNCP_ variable must be one we know. */
function unknownVariables(env: Environment): string[] {
  const known: readonly string[] = NAMES;
  return Object.keys(env)
    .filter((name) => name.startsWith('OVNCP_') && !known.includes(name) && !NOT_OURS.includes(name))
    .map((name) => {
      const [near] = nearestNames(name, known, 1);
      const hint = near === undefined ? 'docs/configuration.md lists what there is' : `did you mean ${near}?`;
      return `${name}: is not known; ${hint}`;
    });
}
