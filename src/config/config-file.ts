/**
 * OVNCP_CONFIG: the configuration file. Whatever a variable says can stand in it, under the variable's name in
 * camelCase without OVNCP_; `databases` is a list of databases. Every fault is a line with the file's name, line and
 * column.
 */
import type { z } from 'zod';
import { nearestNames } from '../lib/text/nearest.js';
import { ConfigDocument, ConfigFileError, isPlainMap, type Path, type Plain } from './config-document.js';
import type { DatabaseConfig } from './database-config.js';
import { configOf, DATABASE_ENTRY, type DatabaseEntry } from './database-entry.js';
import { faultOf, type Given, keyOf, NAME_BY_KEY, type Name } from './setting.js';
import { LIST_VARIABLES } from './variable.js';

export interface ConfigFile {
  readonly file: string;
  /** What the variables say elsewhere. */
  readonly settings: ReadonlyMap<Name, Given>;
  /** Undefined where the file names none; without those that are not right. */
  readonly databases: readonly DatabaseConfig[] | undefined;
  /** One line each. */
  readonly faults: readonly string[];
}

const DATABASES = 'databases';
const READABLE_BY_ALL = 0o004;
const KEY_CHARACTERS_MAX = 60;

export function readConfigFile(file: string): ConfigFile {
  try {
    return new Reading(ConfigDocument.read(file)).result();
  } catch (error) {
    if (!(error instanceof ConfigFileError)) throw error;
    return { file, settings: new Map(), databases: undefined, faults: [error.message] };
  }
}

class Reading {
  private readonly faults: string[];
  private readonly settings = new Map<Name, Given>();

  constructor(private readonly document: ConfigDocument) {
    this.faults = [...document.faults];
  }

  result(): ConfigFile {
    const { file, root } = this.document;
    for (const [key, value] of Object.entries(root)) if (key !== DATABASES) this.takeSetting(key, value);
    this.checkSecret();
    const databases = Object.hasOwn(root, DATABASES) ? this.databases(root[DATABASES]) : undefined;
    return { file, settings: this.settings, databases, faults: this.faults };
  }

  private takeSetting(key: string, value: Plain): void {
    const name = NAME_BY_KEY.get(key);
    if (name === undefined) return this.unknown([key], [...NAME_BY_KEY.keys(), DATABASES]);
    const text = this.textOf(name, key, value);
    // what is empty counts as not set, as a variable does
    if (text !== undefined && text !== '')
      this.settings.set(name, { text, name: key, place: `${this.document.at([key])}: ${key}` });
  }

  private textOf(name: Name, key: string, value: Plain): string | undefined {
    if (value === undefined || typeof value === 'string') return value;
    if (typeof value === 'boolean') return String(value);
    const takesList = LIST_VARIABLES.has(name);
    if (!Array.isArray(value) || !takesList) {
      this.fault([key], `takes ${takesList ? 'text or a list of texts' : 'one value'}, and nothing nested`);
      return undefined;
    }
    const items: string[] = [];
    for (const [i, item] of (value as readonly Plain[]).entries()) {
      if (typeof item !== 'string') this.fault([key, i], 'is no text');
      else if (item.includes(',')) this.fault([key, i], 'has a comma; write each as an item of its own');
      else items.push(item);
    }
    return items.join(',');
  }

  /** What is in the file is everybody's who can read it. */
  private checkSecret(): void {
    const { file, stats } = this.document;
    if (!this.settings.has('OVNCP_JWT_SECRET') || (stats.mode & READABLE_BY_ALL) === 0) return;
    this.faults.push(
      `${this.document.at(['jwtSecret'])}: jwtSecret: is a secret, and everybody can read ${file}; chmod o-r that, ` +
        'or set OVNCP_JWT_SECRET instead',
    );
  }

  private databases(list: Plain): readonly DatabaseConfig[] {
    if (!Array.isArray(list) || list.length === 0) {
      this.fault([DATABASES], 'takes a list of databases, one at least; write "- id: ..." for each');
      return [];
    }
    const entries = (list as readonly Plain[]).flatMap((value, i) => this.entry(value, i));
    const chosen = entries.filter(({ entry }) => entry.default === true);
    for (const { i } of chosen.slice(1))
      this.fault([DATABASES, i, 'default'], `is true of database ${chosen[0]?.entry.id ?? ''} already`);
    this.checkAlike(entries);
    const first = chosen[0] ?? entries[0];
    return entries.map((numbered) => configOf(numbered.entry, this.document.file, numbered === first));
  }

  private entry(value: Plain, i: number): readonly Numbered[] {
    const base: Path = [DATABASES, i];
    if (!isPlainMap(value)) {
      this.fault(base, 'takes id, remotes and so on');
      return [];
    }
    const parsed = DATABASE_ENTRY.safeParse(value);
    if (!parsed.success) {
      for (const issue of parsed.error.issues) this.issue(base, issue);
      return [];
    }
    const entry = parsed.data;
    if (entry.ssl === undefined && entry.remotes.some(({ kind }) => kind === 'ssl')) {
      this.fault([...base, 'ssl'], 'is missing; remotes has an ssl: remote, so name the PEM files');
      return [];
    }
    return [{ entry, i }];
  }

  private issue(base: Path, issue: z.core.$ZodIssue): void {
    const path = [...base, ...(issue.path as Path)];
    if (issue.code !== 'unrecognized_keys') this.fault(path, issue.message);
    else {
      const shape = issue.path.at(-1) === 'ssl' ? SSL_KEYS : Object.keys(DATABASE_ENTRY.shape);
      for (const key of issue.keys) this.unknown([...path, key], shape);
    }
  }

  /** Each id once, and each database under one id: what waits for a turn waits by the id. */
  private checkAlike(entries: readonly Numbered[]): void {
    for (const [n, { entry, i }] of entries.entries()) {
      const before = entries.slice(0, n).map((numbered) => numbered.entry);
      if (before.some(({ id }) => id === entry.id))
        this.fault([DATABASES, i, 'id'], 'is the id of another database already');
      const addresses = new Set(entry.remotes.map(({ text }) => text));
      const same = before.find(
        ({ schema, remotes }) => schema === entry.schema && remotes.some(({ text }) => addresses.has(text)),
      );
      if (same !== undefined)
        this.fault([DATABASES, i, 'remotes'], `are those of database ${same.id}: it is the same database`);
    }
  }

  private unknown(path: Path, known: readonly string[]): void {
    const key = String(path.at(-1) ?? '');
    // who writes the variable means its key
    const [near] = [key, keyOf(key)].flatMap((written) => nearestNames(written, known, 1));
    const hint = near === undefined ? 'docs/configuration.md lists what there is' : `did you mean ${near}?`;
    const shown = spelled([...path.slice(0, -1), key.slice(0, KEY_CHARACTERS_MAX)]);
    this.faults.push(`${this.document.atKey(path)}: ${shown}: is not known; ${hint}`);
  }

  private fault(path: Path, message: string): void {
    const value = path.reduce<unknown>(
      (held, step) => (held as Record<string, unknown> | undefined)?.[step],
      this.document.root,
    );
    const text = typeof value === 'string' ? value : '';
    this.faults.push(faultOf({ place: `${this.document.at(path)}: ${spelled(path)}`, text }, message));
  }
}

interface Numbered {
  readonly entry: DatabaseEntry;
  /** In the list. */
  readonly i: number;
}

const SSL_KEYS = ['privateKey', 'certificate', 'caCertificate'];

/** databases[1].ssl.privateKey */
function spelled(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}
