/**
 * The order of the house, as far as a program can see it: widths, full folders, and comments that name a file.
 * Types, lint, layout and import arrows are kept by `npm run check`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COLUMNS_MAX = 120;
const FILES_IN_A_FOLDER_MAX = 15;
const GENERATED = /(^|\/)generated\//;
const SOURCE = /\.(ts|tsx|mjs)$/;

const filesOf = (...folders: readonly string[]): readonly string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...folders], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file !== '' && !GENERATED.test(file));

const linesOf = (file: string): readonly string[] => readFileSync(`${ROOT}/${file}`, 'utf8').split('\n');

describe('the house', () => {
  it('has no line in src that is wider than 120 columns', () => {
    const wide = filesOf('src').flatMap((file) =>
      linesOf(file).flatMap((line, i) => ([...line].length > COLUMNS_MAX ? [`${file}:${i + 1}`] : [])),
    );
    expect(wide).toEqual([]);
  });

  it('has no folder in src with more than 15 source files', () => {
    const counts = new Map<string, number>();
    for (const file of filesOf('src').filter((name) => SOURCE.test(name)))
      counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > FILES_IN_A_FOLDER_MAX)).toEqual([]);
  });

  it('names in its comments only files that there are', () => {
    const all = new Set(filesOf('.').map((file) => basename(file)));
    const unknown = filesOf('src', 'test')
      .filter((file) => SOURCE.test(file))
      .flatMap((file) =>
        linesOf(file).flatMap((line, i) => {
          const comment = /^\s*(?:\/\/|\/?\*)(.*)$/.exec(line)?.[1] ?? '';
          return [...comment.matchAll(/(?<![\w*./-])([\w.-]+\/)*([a-z][\w-]*(?:\.[\w-]+)*\.(?:tsx?|mjs))\b/g)]
            .filter(([, , name]) => !all.has(name as string))
            .map(([found]) => `${file}:${i + 1} names ${found}`);
        }),
      );
    expect(unknown).toEqual([]);
  });

  it('loads in its benchmarks only modules that there are, and of these only what they export', () => {
    const unknown = filesOf('test/bench', 'test/corpus')
      .filter((file) => file.endsWith('.mjs'))
      .flatMap((file) => {
        const text = readFileSync(`${ROOT}/${file}`, 'utf8');
        return [...text.matchAll(/(?:\{ ([\w, ]+) \} = await load\()?'((?:[a-z][\w-]*\/)*[a-z][\w-]*)\.js'/g)].flatMap(
          ([, names = '', module]) => {
            const source = `${ROOT}/src/${module}.ts`;
            if (!existsSync(source)) return [`${file}: ${module}`];
            const exported = readFileSync(source, 'utf8');
            return names
              .split(', ')
              .filter(
                (name) =>
                  name !== '' &&
                  !new RegExp(`^export (?:[\\w *]*\\b${name}\\b|\\{[^}]*\\b${name}\\b)`, 'm').test(exported),
              )
              .map((name) => `${file}: ${name} of ${module}`);
          },
        );
      });
    expect(unknown).toEqual([]);
  });
});
