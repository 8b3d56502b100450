/** Columns of a row that were read, against the row's canonical text. */
import { columnsIn, hasMembers } from '../../../src/model/row/row-text.js';

const ROW = Buffer.from('{"external_ids":{"ports":"1"},"name":"a\\"b","ports":["1","2"],"tag":1}');
const HEAD = '{"_uuid":"1"';
const has = (rest: string): boolean => hasMembers(ROW, Buffer.from(`${HEAD}${rest}}`), HEAD.length);

it('finds members of a row that have the same value, in the order of their names', () => {
  for (const rest of ['', ',"ports":["1","2"]', ',"name":"a\\"b","tag":1', ',"tag":1']) expect(has(rest)).toBe(true);
});

it('finds none that has another value, or stands inside of a map', () => {
  for (const rest of [',"ports":["1"]', ',"ports":["1","2","3"]', ',"ports":"1"', ',"tag":12', ',"type":"x"'])
    expect(has(rest)).toBe(false);
});

it('makes values of the columns that are asked for, and of no others', () => {
  const columns = (...names: readonly string[]): unknown =>
    columnsIn(
      ROW,
      names.map((name) => Buffer.from(name)),
    );
  expect(columns('tag', 'name', 'type')).toEqual({ name: 'a"b', tag: 1 });
  expect(columns('ports')).toEqual({ ports: ['1', '2'] });
  expect(columns()).toEqual({});
});
