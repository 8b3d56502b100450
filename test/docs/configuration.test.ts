import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/config.js';
import { withTables } from '../../src/config/config-docs.js';
import { ConfigError } from '../../src/config/config-error.js';
import { NAMES } from '../../src/config/setting.js';
import type { Environment } from '../../src/config/settings.js';
import { Page, plain, ROOT, textOf } from './page.js';

interface Row {
  readonly name: string;
  /** Undefined where it is not set. */
  readonly initial: string | undefined;
  readonly takes: string;
}

const rows: readonly Row[] = new Page('docs/configuration.md')
  .rowsOf('variable')
  .map(([name = '', initial = '', takes = '']) => ({
    name: plain(name),
    initial: initial === '-' ? undefined : plain(initial),
    takes: plain(takes),
  }));

/** What is wrong with one variable; undefined when nothing is. */
function faultOf(env: Environment, name: string): string | undefined {
  try {
    loadConfig(env);
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.find((fault) => fault.startsWith(`${name}:`));
  }
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

describe('docs/configuration.md', () => {
  it('has the tables that npm run config-docs makes', () => {
    const page = textOf('docs/configuration.md');
    expect(withTables(page)).toBe(page);
  });

  it('has every variable that the code reads, and no other', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
  });

  it.each(rows.filter(({ initial }) => initial !== undefined))('has the default of $name', ({ name, initial }) => {
    expect(loadConfig({ [name]: initial })).toEqual(loadConfig({}));
  });

  it('gives no default where the code has none', () => {
    const { traffic, auth, drills, databases, ...rest } = loadConfig({});
    const { remotes, schemaName } = databases[0] ?? {};
    // the lists are empty
    const initial = [rest, traffic, auth, drills, { remotes, schemaName }]
      .flatMap((values) => Object.values(values))
      .filter((value) => !isEmpty(value));
    expect(rows.filter((row) => row.initial !== undefined)).toHaveLength(initial.length);
  });

  const ranges = rows.flatMap(({ name, takes }) => {
    const [, least, most] = /(\d+) to (\d+)$/.exec(takes) ?? [];
    return least === undefined || most === undefined ? [] : [{ name, least: Number(least), most: Number(most) }];
  });

  it.each(ranges)('has the range of $name', ({ name, least, most }) => {
    for (const value of [least, most]) expect(faultOf({ [name]: String(value) }, name)).toBeUndefined();
    for (const value of [least - 1, most + 1]) expect(faultOf({ [name]: String(value) }, name)).toBeDefined();
  });

  it('has the range of every variable that takes a number', () => {
    const numbers = rows.filter(({ name }) => /is not a whole number/.test(faultOf({ [name]: 'x' }, name) ?? ''));
    expect(ranges.map(({ name }) => name)).toEqual(numbers.map(({ name }) => name));
  });
});

it('docs/ovncp.example.yaml is taken as it stands', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'example-'));
  try {
    const file = join(folder, 'ovncp.yaml');
    await copyFile(join(ROOT, 'docs/ovncp.example.yaml'), file);
    await chmod(file, 0o600);
    const { databases } = loadConfig({ OVNCP_CONFIG: file });
    expect(databases.map(({ id, isDefault }) => [id, isDefault])).toEqual([
      ['frankfurt', true],
      ['ashburn', false],
      ['interconnection', false],
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
