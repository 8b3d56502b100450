import { REFUSED_CODES } from '../../src/lib/error.js';
import { Page, plain, sourcesIn, textOf } from './page.js';

const NAME = /\bovncp_[a-z_]+\b/g;
const NAME_ALONE = /\bovncp_[a-z_]+\b/;
const page = new Page('docs/operating.md');
const namesIn = (head: string): string[] => page.rowsOf(head).flatMap(([names = '']) => plain(names).match(NAME) ?? []);
const documented = namesIn('metric');
const old = namesIn('old metric');

describe('docs/operating.md', () => {
  it('has every metric that the server registers, and no other', () => {
    const registered = sourcesIn('src/api').flatMap((text) => text.match(/(?<=')ovncp_[a-z_]+(?=')/g) ?? []);
    expect([...documented, ...old].sort()).toEqual([...new Set(registered)].sort());
  });

  it('names what stands for every old metric', () => {
    expect(old.length).toBeGreaterThan(0);
    for (const [name = '', instead = ''] of page.rowsOf('old metric'))
      expect([name, documented]).toEqual([name, expect.arrayContaining([NAME_ALONE.exec(instead)?.[0]])]);
  });

  it('has every code that counts as refused, and no other', () => {
    const [, codes = ''] = /These codes count as `refused`: ([^.]+)\./s.exec(textOf('docs/operating.md')) ?? [];
    expect(codes.match(/\w+/g)?.sort()).toEqual([...REFUSED_CODES].sort());
  });

  it('alerts on metrics that there are', () => {
    const alerts = page.fences
      .filter(({ language }) => language === 'yaml')
      .flatMap(({ text }) => text.match(NAME) ?? []);
    expect(alerts.length).toBeGreaterThan(3);
    expect(alerts.filter((name) => !documented.includes(name))).toEqual([]);
  });
});
