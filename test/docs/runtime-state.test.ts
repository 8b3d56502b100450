import { isRuntimeColumn, runtimeKeys } from '../../src/model/northbound/runtime.js';
import type { TableSchema } from '../../src/ovsdb/database-schema.js';
import { northboundSchema } from '../support/servers/engine.js';
import { Page, textOf } from './page.js';

interface Place {
  readonly table: string;
  readonly column: string;
  readonly key: string | undefined;
}

const places: readonly Place[] = new Page('docs/restoring.md')
  .rowsOf('runtime state')
  .flatMap(([cell = '']) => [...cell.matchAll(/`(\w+)\.(\w+)(?::([^`]+))?`/g)])
  .map(([, table = '', column = '', key]) => ({ table, column, key }));

const { tables } = northboundSchema();
const tableOf = (name: string): TableSchema => tables.get(name) ?? { ...EMPTY, name };
const EMPTY = { name: '', columns: new Map(), isRoot: true, maxRows: Infinity, indexes: [] };

describe('docs/restoring.md', () => {
  it.each(places)('says truly that $table.$column $key is runtime state', ({ table, column, key }) => {
    if (key === undefined) expect(isRuntimeColumn(table, column, { tag_request: 0 })).toBe(true);
    else expect(runtimeKeys(tableOf(table), column).has(key)).toBe(true);
  });

  it('has all of it', () => {
    const inCode = [...textOf('src/model/northbound/runtime.ts').matchAll(/'([a-z][a-z0-9_:]*)'/g)].map(
      ([, name]) => name,
    );
    const told = new Set(places.flatMap(({ column, key }) => [column, key]));
    const other = new Set(['options', 'external_ids', 'tag_request', 'object']);
    expect(inCode.filter((name) => !told.has(name) && !other.has(name ?? ''))).toEqual([]);
  });
});
