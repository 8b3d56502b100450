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
export const EVERY_REFERENCE = readDatabaseSchema({
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
});
