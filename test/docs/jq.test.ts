/** The programs of jq on the pages: the oldest jq that a reader has (1.6 of Debian 12) takes them. */
import { execFileSync } from 'node:child_process';
import { pages } from './page.js';

/** `jq`, its options, and the program: in quotes, or one word. */
const CALL =
  /\bjq((?: +-[-\w]+| +--(?:arg|argjson|rawfile|slurpfile) +\w+ +(?:"[^"]*"|\S+))*)\s+(?:'([^']*)'|(\.[^\s|)<]*))/g;

interface Program {
  readonly page: string;
  readonly text: string;
}

const programs: readonly Program[] = pages().flatMap(({ name, fences }) =>
  fences
    .filter(({ language }) => language === 'bash')
    .flatMap(({ text }) => [...text.matchAll(CALL)])
    .map(([, , quoted, word]) => ({ page: name, text: quoted ?? word ?? '' })),
);

it('finds them', () => {
  expect(programs.length).toBeGreaterThan(50);
});

it.each(programs)('$page: $text', ({ text }) => {
  const variables = [...new Set([...text.matchAll(/\$(\w+)/g)].map(([, name = '']) => name))];
  // nothing reaches the program: it is only compiled
  const args = ['-n', ...variables.flatMap((name) => ['--arg', name, '']), `empty | (${text})`];
  expect(() => execFileSync('jq', args, { stdio: 'pipe' })).not.toThrow();
});
