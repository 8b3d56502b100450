import { FETCHED_RELEASES } from '../support/releases/fetch.mjs';
import type { Figure } from '../support/releases/figures.js';
import { makeTables, pairsHead, RELEASES_HEAD, withTables } from '../support/releases/tables.mjs';
import { Page, textOf } from './page.js';

const PAGE = 'docs/restoring.md';
const page = new Page(PAGE);
const fetched = FETCHED_RELEASES.map(({ name }) => name);
const rows = page.rowsOf('release');
const names = rows.map(([name = '']) => name);

/** What a cell says, by an expression with its numbers in groups. */
function numbersIn(cell: string | undefined, expression: RegExp): readonly number[] {
  const found = expression.exec(cell ?? '');
  if (found === null) throw new Error(`${PAGE} has a cell that npm run releases does not write: "${String(cell)}"`);
  return found.slice(1).map((text) => Number((text as string | undefined)?.replaceAll(',', '') ?? 0));
}

/** What the tests have shown, as the page tells it. */
function figuresOfPage(): readonly Figure[] {
  const figures = rows.flatMap(([release = '', versions = '', cluster, flows]): Figure[] => {
    const [, ovn = '', schema = ''] = /^OVN (\S+), schema (\S+)$/.exec(versions) ?? [];
    const [restored = 0, , steps = 0] = numbersIn(cluster, /^([\d,]+) of ([\d,]+) rows in (\d+) steps$/);
    const [kept = 0, survived = 0] = numbersIn(flows, /^([\d,]+) of ([\d,]+) \(.* %\)$/);
    return [
      { kind: 'RELEASE', release, ovn, schema },
      { kind: 'CLUSTER', release, rows: restored, steps },
      { kind: 'FLOWS', release, survived, kept },
    ];
  });
  for (const [source = '', ...cells] of page.rowsOf('backup of'))
    for (const [i, cell] of cells.entries()) {
      const [restored = 0, all = 0, losses = 0] = numbersIn(cell, /^(\d+) of (\d+) rows(?:, (\d+) losses named)?$/);
      figures.push({ kind: 'PAIR', source, target: names[i] ?? '', rows: all, restored, losses });
    }
  return figures;
}

describe(`the tables of OVN releases in ${PAGE}`, () => {
  it('are what npm run releases writes', () => {
    const tables = makeTables(figuresOfPage());
    expect(tables.releases).toContain(RELEASES_HEAD);
    expect(tables.pairs).toContain(pairsHead(names));
    const text = textOf(PAGE);
    expect(text).toContain(`\n${tables.releases}\n`);
    expect(text).toContain(`\n${tables.pairs}\n`);
    expect(withTables(text, tables)).toBe(text);
  });

  it('have the releases that the tests fetch, and the installed one', () => {
    expect(names).toEqual(expect.arrayContaining([...fetched]));
    expect(names.length).toBe(fetched.length + 1);
  });

  it('are made only when everything was shown', () => {
    const figures = figuresOfPage();
    for (const left of figures)
      expect(() => makeTables(figures.filter((figure) => figure !== left))).toThrow(`"kind":"${left.kind}"`);
  });
});
