/** Several mistakes in one error. */
import { mistakesError } from '../../../src/lib/error.js';

it('lists one mistake too, and of very many the first hundred', () => {
  expect(mistakesError(['name: is needed'])).toMatchObject({
    message: 'name: is needed',
    problems: [{ code: 'BAD_USER_INPUT', message: 'name: is needed' }],
  });
  const { message, problems } = mistakesError(Array.from({ length: 250 }, (_, n) => `tags.${n}: is wrong`));
  expect([problems.length, problems.at(-1)?.message]).toEqual([101, 'and 150 more']);
  expect(message).toMatch(/^tags\.0: is wrong; .*; tags\.99: is wrong; and 150 more$/);
});
