/** What an undo makes of a column that others have written to since: member by member, and key by key. */
import { type UndoRules, valueBefore } from '../../../src/engine/undo/value-before.js';
import type { Value } from '../../../src/model/row/row.js';
import { type ColumnSchema, readDatabaseSchema } from '../../../src/ovsdb/database-schema.js';

const SCHEMA = readDatabaseSchema({
  name: 'Columns',
  version: '1.0.0',
  tables: {
    T: {
      columns: {
        text: { type: 'string' },
        any: { type: { key: 'string', min: 0, max: 'unlimited' } },
        some: { type: { key: 'integer', min: 1, max: 2 } },
        keys: { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } },
        numbers: { type: { key: 'integer', value: 'integer', min: 0, max: 'unlimited' } },
      },
      isRoot: true,
    },
  },
});
const column = (name: string): ColumnSchema => SCHEMA.tables.get('T')?.columns.get(name) as ColumnSchema;
const UNDO: UndoRules = { changedSince: 'UNDO', isCollection: true, runtimeKeys: [] };
const LEAVE: UndoRules = { changedSince: 'LEAVE', isCollection: true, runtimeKeys: [] };

function undone(
  name: string,
  before: Value | undefined,
  after: Value | undefined,
  now: Value | undefined,
  rules = UNDO,
) {
  return valueBefore(column(name), { before, after, now }, rules);
}

describe('valueBefore', () => {
  it('puts back what the restore wrote, and leaves what is as it was', () => {
    expect(undone('text', 'old', 'new', 'new')).toEqual({ value: 'old' });
    expect(undone('text', 'old', 'new', 'old')).toEqual({ value: 'old' });
    expect(undone('text', 'old', 'new', 'other')).toEqual({ value: 'old', changedSince: 'text' });
    expect(undone('text', 'old', 'new', 'other', LEAVE)).toEqual({ value: 'other', changedSince: 'text' });
  });

  it('leaves in a set what others put there, and does not put back what they took out', () => {
    expect(undone('any', ['a', 'b'], ['b', 'c', 'd'], ['b', 'c', 'x'])).toEqual({ value: ['b', 'x', 'a'] });
    expect(undone('any', undefined, ['c'], ['c'])).toEqual({ value: undefined });
    expect(undone('any', ['a', 'b'], ['a'], ['x'])).toEqual({ value: ['x', 'b'] });
  });

  it('takes a set that others wrote anew for one value, unless it is a collection', () => {
    const value = { ...UNDO, isCollection: false };
    const replaced = { value: ['old'], changedSince: 'any' };
    expect(undone('any', ['old'], ['new'], ['other'], value)).toEqual(replaced);
    expect(undone('any', ['old', 'same'], ['new', 'same'], ['other', 'same'], value)).toEqual({
      value: ['old', 'same'],
      changedSince: 'any',
    });
    expect(undone('any', ['old'], ['new'], ['other'], { ...LEAVE, isCollection: false })).toEqual({
      value: ['other'],
      changedSince: 'any',
    });
    // what others only added, or only took out
    expect(undone('any', ['old'], ['new'], ['new', 'more'], value)).toEqual({ value: ['more', 'old'] });
    expect(undone('any', ['old', 'same'], ['new', 'same'], ['same'], value)).toEqual({ value: ['same', 'old'] });
    expect(undone('any', ['old'], ['new'], ['other'])).toEqual({ value: ['other', 'old'] });
  });

  it('goes by the whole set where it would hold too much, or too little', () => {
    expect(undone('some', [1, 2], [1], [1, 3])).toEqual({ value: [1, 2], changedSince: 'some' });
    expect(undone('some', [1], [2], [2])).toEqual({ value: [1] });
    expect(undone('some', [1, 2], [1], [1, 3], LEAVE)).toEqual({ value: [1, 3], changedSince: 'some' });
  });

  it('leaves in a map the keys of others, and tells of the keys that they changed after the restore', () => {
    const before = { gone: '1', changed: '1', same: '1' };
    const after = { changed: '2', same: '1', added: '1' };
    expect(undone('keys', before, after, { ...after, others: 'x' })).toEqual({ value: { ...before, others: 'x' } });
    expect(undone('keys', before, after, { ...after, same: '2' })).toEqual({ value: { ...before, same: '2' } });
    const touched = { added: '9', changed: '3', same: '1' };
    expect(undone('keys', before, after, touched)).toEqual({
      value: before,
      changedSince: 'keys:changed, keys:added',
    });
    expect(undone('keys', before, after, touched, LEAVE)).toEqual({
      value: { ...touched, gone: '1' },
      changedSince: 'keys:changed, keys:added',
    });
    // somebody has taken it back already
    expect(undone('keys', before, after, before)).toEqual({ value: before });
    expect(undone('keys', undefined, { a: '1' }, { a: '1' })).toEqual({ value: undefined });
  });

  it('names a few of many keys, keeps runtime keys as they are, and does the same with keys that are no strings', () => {
    const keys = (value: string): Record<string, string> =>
      Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`k${String(i)}`, value]));
    expect(undone('keys', keys('1'), keys('2'), keys('3')).changedSince).toBe('keys:k0, keys:k1, keys:k2 and 2 more');
    const rules: UndoRules = { changedSince: 'UNDO', isCollection: true, runtimeKeys: ['k0'] };
    expect(undone('keys', { k0: '1', k1: '1' }, { k0: '2', k1: '2' }, { k0: '3', k1: '2' }, rules)).toEqual({
      value: { k0: '3', k1: '1' },
    });
    expect(
      undone(
        'numbers',
        [[2, 2n ** 60n]],
        [[10, 1]],
        [
          [10, 1],
          [30, 3],
        ],
      ),
    ).toEqual({
      value: [
        [2, 2n ** 60n],
        [30, 3],
      ],
    });
  });
});
