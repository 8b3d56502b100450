import { plural } from '../../../src/lib/text/plural.js';

it.each([
  [0, '0 rows are left as they are'],
  [1, '1 row is left as it is'],
  [2, '2 rows are left as they are'],
])('puts a text into the number of a count: %i', (count, told) => {
  expect(plural(count, '# {row is|rows are} left as {it is|they are}')).toBe(told);
});

it('takes a count that stands in both words, and words that one of them lacks', () => {
  expect([1, 3].map((count) => plural(count, '; so {does # row|do # rows} that {need|needs}{| much}'))).toEqual([
    '; so does 1 row that need',
    '; so do 3 rows that needs much',
  ]);
});
