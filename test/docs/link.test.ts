import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Page, pages, ROOT, textOf } from './page.js';

interface Scripts {
  readonly scripts: Readonly<Record<string, string>>;
}

function isThere(path: string): boolean {
  return existsSync(join(ROOT, path));
}

describe.each(pages().map((page) => ({ page, name: page.name })))('$name', ({ page }) => {
  it('links to files and headings that exist', () => {
    const broken = page.links().filter(({ file, anchor }) => {
      if (!isThere(file)) return true;
      return anchor !== '' && !new Page(file).anchors().includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('has no two headings of one name', () => {
    const anchors = page.anchors();
    expect(new Set(anchors).size).toBe(anchors.length);
  });

  it('names commands of npm and programs of the repository that exist', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as Scripts;
    const text = textOf(page.name);
    const commands = [...text.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, command = '']) => command);
    expect(commands.filter((command) => !Object.hasOwn(scripts, command))).toEqual([]);
    const programs = [...text.matchAll(/\bnode ((?:test|src)\/[\w./-]+)/g)].map(([, program = '']) => program);
    const tests = [...text.matchAll(/\bnpm run jest -- ([\w./-]+)/g)].map(([, test = '']) => test);
    const missing = [...programs, ...tests].filter((path) => !isThere(path) && !isThere(`${path}.test.ts`));
    expect(missing).toEqual([]);
  });

  it('names files of the tree that exist', () => {
    const paths = [...page.prose.matchAll(/`((?:src|test|schema|docs)\/[\w./-]*)`/g)].map(([, path = '']) => path);
    expect(paths.filter((path) => !isThere(path))).toEqual([]);
  });
});

it.each(['src', 'test'])('docs/development.md names every folder of %s', (folder) => {
  const { prose } = new Page('docs/development.md');
  const folders = readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `\`${folder}/${name}\``);
  expect(folders.filter((name) => !prose.includes(name))).toEqual([]);
});

it('README.md leads to every page of docs/', () => {
  const linked = new Set(new Page('README.md').links().map(({ file }) => file));
  expect(
    pages()
      .map(({ name }) => name)
      .filter((name) => name !== 'README.md' && !linked.has(name)),
  ).toEqual([]);
});
