/** Restoring into a database in whose schema a column has another shape: loss by loss. */
import { adapt } from '../../../src/engine/adapt/adapt.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Row } from '../../../src/model/row/row.js';
import { type DatabaseSchema, readDatabaseSchema } from '../../../src/ovsdb/database-schema.js';
import type { Json } from '../../../src/ovsdb/json.js';
import { failureOf, snapshotOf, textsOf } from '../../support/databases/every-kind.js';

const ROW = '11111111-0000-4000-8000-000000000000';

describe('a column that has become another shape or type', () => {
  const schemaOf = (version: string, type: Json): DatabaseSchema =>
    readDatabaseSchema({ name: 'Test', version, tables: { T: { isRoot: true, columns: { c: { type } } } } });
  const set = (key: Json, max: Json = 'unlimited'): Json => ({ key, min: 0, max });
  const map = (key: Json, value: Json): Json => ({ key, value, min: 0, max: 'unlimited' });

  it.each<[string, Json, Row, Json, RegExp]>([
    ['a set for a map', set('string'), { c: ['abc', 'de'] }, map('string', 'string'), /a set cannot become a map/],
    ['a text for a map', 'string', { c: 'abc' }, map('string', 'string'), /a single value cannot become a map/],
    ['an empty text for a map', 'string', {}, map('string', 'string'), /a single value cannot become a map/],
    ['a map for a set', map('string', 'string'), { c: { a: 'b' } }, set('string'), /a map cannot become a set/],
    ['a map for a text', map('string', 'string'), { c: { a: 'b' } }, 'string', /a map cannot become a single value/],
    ['other keys', map('string', 'string'), { c: { a: 'b' } }, map('integer', 'string'), /string values cannot become/],
    [
      'number keys',
      map('integer', 'string'),
      { c: [[1, 'b']] },
      map('string', 'string'),
      /integer values cannot become/,
    ],
    ['a UUID for a text', 'uuid', { c: ROW }, 'string', /uuid values cannot become string values/],
    ['three values for two', set('string'), { c: ['a', 'b', 'c'] }, set('string', 2), /holds 3 values, at most 2/],
    ['two values for one', set('string'), { c: ['a', 'b'] }, set('string', 1), /holds 2 values, at most one/],
    ['nothing for one value', set('integer', 1), {}, 'integer', /is unset, and a value is needed/],
  ])('has no place for %s: it is refused by name, or left out', async (_what, from, row, to, reason) => {
    const backup = snapshotOf(schemaOf('1.0.0', from), { T: { [ROW]: row } });
    const named = new RegExp(`^the value of c in .* \\(${reason.source}`);
    const { snapshot, losses } = await adapt(backup, schemaOf('2.0.0', to), true, new Breath());
    expect(losses).toEqual([expect.stringMatching(named)]);
    expect(textsOf(snapshot)).toEqual({ T: { [ROW]: '{}' } });
    expect(await failureOf(adapt(backup, schemaOf('2.0.0', to), false, new Breath()))).toEqual({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringMatching(reason) as string,
    });
  });

  it.each<[string, Json, Row, Json, string]>([
    ['no, where it may be unset', 'boolean', {}, set('boolean', 1), '{"c":false}'],
    ['0, where it may be unset', 'integer', {}, set('integer', 1), '{"c":0}'],
    ['an empty text, in a set', 'string', {}, set('string'), '{"c":[""]}'],
    ['0, as a real in a set', 'integer', {}, set('real'), '{"c":[0]}'],
    ['a value, in a set', 'integer', { c: 7 }, set('real'), '{"c":[7]}'],
    ['the only one of a set', set('string'), { c: ['a'] }, 'string', '{"c":"a"}'],
    ['the only one of a set, 0', set('integer'), { c: [0] }, 'integer', '{}'],
    ['an unset value, in a set', set('string', 1), {}, set('string'), '{}'],
    ['an empty set, as a map', set('string'), {}, map('string', 'string'), '{}'],
    ['an empty map, in a set', map('string', 'string'), {}, set('string'), '{}'],
  ])('takes %s, as it is', async (_what, from, row, to, text) => {
    const backup = snapshotOf(schemaOf('1.0.0', from), { T: { [ROW]: row } });
    const { snapshot, losses } = await adapt(backup, schemaOf('2.0.0', to), false, new Breath());
    expect([losses, textsOf(snapshot)]).toEqual([[], { T: { [ROW]: text } }]);
  });

  it('names the row that needs the value', async () => {
    const one = { key: { type: 'string', enum: ['set', ['a', 'b']] } };
    const backup = snapshotOf(schemaOf('1.0.0', map('string', 'string')), { T: { [ROW]: { c: { a: 'b' } } } });
    const { losses } = await adapt(backup, schemaOf('2.0.0', one), true, new Breath());
    expect(losses).toEqual([expect.stringMatching(/\(c is needed: a map cannot become a single value\)$/)]);
  });
});
