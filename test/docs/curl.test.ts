import { pages } from './page.js';

describe.each(pages().map((page) => ({ page, name: page.name })))('$name', ({ page }) => {
  it('has no curl that takes an error for an answer', () => {
    const commands = page.fences
      .filter(({ language }) => ['bash', 'sh'].includes(language))
      .flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'))
      .filter((line) => /\bcurl /.test(line));
    expect(commands.filter((line) => !/\bcurl -sS --fail-with-body /.test(line))).toEqual([]);
  });
});
