import { Page, plain, sourcesIn } from './page.js';

const NAME = /\bovncp_[a-z_]+\b/g;
const page = new Page('docs/operating.md');
const documented = page.rowsOf('metric').map(([name = '']) => plain(name));

describe('docs/operating.md', () => {
  it('has every metric that the server registers, and no other', () => {
    const registered = sourcesIn('src/api').flatMap((text) => text.match(/(?<=')ovncp_[a-z_]+(?=')/g) ?? []);
    expect([...documented].sort()).toEqual([...new Set(registered)].sort());
  });

  it('alerts on metrics that there are', () => {
    const alerts = page.fences
      .filter(({ language }) => language === 'yaml')
      .flatMap(({ text }) => text.match(NAME) ?? []);
    expect(alerts.length).toBeGreaterThan(3);
    expect(alerts.filter((name) => !documented.includes(name))).toEqual([]);
  });
});
