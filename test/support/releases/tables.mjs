// The tables of docs/restoring.md that say what the tests of OVN releases have shown (figures.ts).

/** The heads of the tables: a table of the page is known by its own. */
export const RELEASES_HEAD =
  '| release | versions | cluster of three, emptied and restored | flows in place after loss and restore |';
export const pairsHead = (releases) => `| backup of | ${releases.map((name) => `into ${name}`).join(' | ')} |`;

const number = (value) => value.toLocaleString('en-US');
const percent = (part, whole) => `${Number(((part / whole) * 100).toFixed(2))} %`;
const ruled = (head, rows) => [head, head.replaceAll(/[^|]+/g, '---'), ...rows].join('\n');

/**
 * @param figures all that the tests noted
 * @returns both tables, in Markdown
 * @throws Error that names what has not been shown
 */
export function makeTables(figures) {
  const find = (wanted) => {
    const found = figures.find((figure) => Object.entries(wanted).every(([key, value]) => figure[key] === value));
    if (found === undefined) throw new Error(`the tests have shown nothing of ${JSON.stringify(wanted)}`);
    return found;
  };
  const names = [...new Set(figures.map(({ release }) => release).filter(Boolean))].sort();
  const releases = names.map((release) => {
    const { ovn, schema } = find({ kind: 'RELEASE', release });
    const { rows, steps } = find({ kind: 'CLUSTER', release });
    const { survived, kept } = find({ kind: 'FLOWS', release });
    return (
      `| ${release} | OVN ${ovn}, schema ${schema} | ${number(rows)} of ${number(rows)} rows in ${steps} steps | ` +
      `${number(kept)} of ${number(survived)} (${percent(kept, survived)}) |`
    );
  });
  const pairs = names.map((source) => {
    const cells = names.map((target) => {
      const { rows, restored, losses } = find({ kind: 'PAIR', source, target });
      return `${restored} of ${rows} rows${losses === 0 ? '' : `, ${losses} losses named`}`;
    });
    return `| ${source} | ${cells.join(' | ')} |`;
  });
  return { releases: ruled(RELEASES_HEAD, releases), pairs: ruled(pairsHead(names), pairs) };
}

/** The page with these tables in the place of those that it has. @throws Error when it has none with such a head */
export function withTables(page, tables) {
  return Object.values(tables).reduce((text, table) => {
    const first = table.split('|')[1];
    const old = text.split('\n\n').find((block) => block.startsWith(`|${first}|`));
    if (old === undefined) throw new Error(`the page has no table that begins with "|${first}|"`);
    return text.replace(old.trimEnd(), () => table);
  }, page);
}
