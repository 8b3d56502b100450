/** A schema with every kind of reference. */
import { readDatabaseSchema } from '../../../src/ovsdb/database-schema.js';
import type { Json } from '../../../src/ovsdb/json.js';

const to = (refTable: string, refType: 'strong' | 'weak', min = 0, max: number | 'unlimited' = 'unlimited'): Json => ({
  type: { key: { type: 'uuid', refTable, refType }, min, max },
});
const NAME: Json = { type: 'string' };
/**
 * Roots that refer to each other both ways, rows held by several and by columns that must not be empty, maps, tables of
 * few rows.
 */
const DOCUMENT = {
  name: 'Every_Reference',
  version: '1.0.0',
  tables: {
    A: {
      columns: {
        name: NAME,
        b: to('B', 'strong', 0, 1),
        friends: to('A', 'strong'),
        held: to('Held', 'strong'),
        one: to('Held', 'strong', 1, 1),
        near: to('Held', 'weak'),
      },
      isRoot: true,
      indexes: [['name']],
    },
    B: {
      columns: {
        name: NAME,
        number: { type: 'integer' },
        as: to('A', 'weak'),
        last: to('A', 'weak', 0, 1),
        few: to('Held', 'strong', 1, 3),
      },
      isRoot: true,
      indexes: [['name', 'number'], ['name']],
    },
    C: {
      columns: {
        name: NAME,
        map: {
          type: {
            key: 'string',
            value: { type: 'uuid', refTable: 'Held', refType: 'strong' },
            min: 0,
            max: 'unlimited',
          },
        },
        pairs: {
          type: {
            key: { type: 'uuid', refTable: 'A', refType: 'weak' },
            value: { type: 'uuid', refTable: 'B', refType: 'strong' },
            min: 0,
            max: 'unlimited',
          },
        },
      },
      isRoot: true,
    },
    Few: { columns: { name: NAME, held: to('Held', 'strong') }, isRoot: true, maxRows: 2 },
    Held: {
      columns: { name: NAME, deeper: to('Deep', 'strong'), deepest: to('Deep', 'strong', 0, 1), near: to('B', 'weak') },
    },
    Deep: { columns: { name: NAME, a: to('A', 'strong', 0, 1), self: to('Deep', 'strong') }, indexes: [['name']] },
  },
};
export const EVERY_REFERENCE = readDatabaseSchema(DOCUMENT);

/** The same without indexes: rows of random databases then do not get in each other's way. */
export const REFERENCES_ALONE = readDatabaseSchema({
  ...DOCUMENT,
  tables: Object.fromEntries(
    Object.entries(DOCUMENT.tables).map(([name, { columns, ...table }]) => [
      name,
      { columns, isRoot: 'isRoot' in table },
    ]),
  ),
});

/** A schema in which most rows are held by one column of one row, so that they go as soon as that holds another. */
export const SINGLE_HOLDS = readDatabaseSchema({
  name: 'Single_Holds',
  version: '1.0.0',
  tables: {
    Owner: {
      columns: {
        name: NAME,
        first: to('Thing', 'strong', 0, 1),
        second: to('Thing', 'strong', 0, 1),
        named: {
          type: {
            key: 'string',
            value: { type: 'uuid', refTable: 'Thing', refType: 'strong' },
            min: 0,
            max: 'unlimited',
          },
        },
      },
      isRoot: true,
    },
    Thing: { columns: { name: NAME, part: to('Part', 'strong', 0, 1), near: to('Part', 'weak') } },
    Part: { columns: { name: NAME, size: { type: 'integer' } } },
    Watcher: {
      columns: { name: NAME, things: to('Thing', 'weak'), last: to('Thing', 'weak', 0, 1), parts: to('Part', 'weak') },
      isRoot: true,
    },
  },
});
