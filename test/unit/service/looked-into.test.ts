/** Lists of rows, page by page, also where the rows change between two pages; and sorting in slices. */
import fc from 'fast-check';
import { Breath } from '../../../src/lib/breath.js';
import type { Row } from '../../../src/model/row/row.js';
import { LookedInto, type RowPage } from '../../../src/service/rows/looked-into.js';
import { sortedInSlices } from '../../../src/service/rows/sorted.js';
import { snapshotOf } from '../../support/databases/every-kind.js';
import { northboundSchema } from '../../support/servers/engine.js';

const SCHEMA = northboundSchema();
const SIGNAL = new AbortController().signal;
const TABLE = 'Address_Set';

/** Address sets of these names, and for each name as many as it is there. */
function configuration(...names: readonly string[]): Promise<LookedInto> {
  const seen = new Map<string, number>();
  const rows = names.map((name): [string, Row] => {
    const time = (seen.get(name) ?? 0) + 1;
    seen.set(name, time);
    const start = Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8);
    return [`${start}-0000-4000-8000-${String(time).padStart(12, '0')}`, { name }];
  });
  return LookedInto.of(snapshotOf(SCHEMA, { [TABLE]: Object.fromEntries(rows) }));
}

const page = (looked: LookedInto, first: number, after?: string): Promise<RowPage> =>
  looked.rows(TABLE, undefined, { first, after }, SIGNAL);
const namesOf = ({ nodes }: RowPage): readonly unknown[] => nodes.map(({ columns }) => columns['name']);

it('goes on behind the last row of the page before, where rows came or went before that', async () => {
  const before = await page(await configuration('b', 'd', 'f', 'h'), 2);
  expect(namesOf(before)).toEqual(['b', 'd']);
  const come = await page(await configuration('a', 'b', 'c', 'd', 'f', 'h'), 2, before.endCursor);
  expect([namesOf(come), come.hasPreviousPage, come.hasNextPage]).toEqual([['f', 'h'], true, false]);
  const gone = await page(await configuration('d', 'f', 'h'), 2, before.endCursor);
  expect(namesOf(gone)).toEqual(['f', 'h']);
});

it('goes on with the one behind the last row where that is gone, and ends where all are', async () => {
  const before = await page(await configuration('b', 'd', 'f', 'h'), 2);
  expect(namesOf(await page(await configuration('b', 'f', 'h'), 2, before.endCursor))).toEqual(['f', 'h']);
  const none = await page(await configuration(), 2, before.endCursor);
  expect([none.nodes, none.totalCount, none.hasNextPage]).toEqual([[], 0, false]);
});

it('has each row once, those of the same name by their UUIDs', async () => {
  const looked = await configuration('x', 'x', 'w', 'x');
  const all = await page(looked, 10);
  expect(namesOf(all)).toEqual(['w', 'x', 'x', 'x']);
  const uuids = all.nodes.map(({ uuid }) => uuid);
  expect(uuids.slice(1)).toEqual(uuids.slice(1).sort());
  const single: string[] = [];
  for (let after: string | undefined, i = 0; i < 4; i++) {
    const one = await page(looked, 1, after);
    single.push(...one.nodes.map(({ uuid }) => uuid));
    after = one.endCursor;
  }
  expect(single).toEqual(uuids);
});

it('sorts in slices as at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 6_000, size: 'max' }), async (numbers) => {
      const items = numbers.map((number, place) => ({ number, place }));
      const compare = (a: { number: number }, b: { number: number }): number => a.number - b.number;
      expect(await sortedInSlices(items, compare, new Breath())).toEqual([...items].sort(compare));
    }),
    { numRuns: 20 },
  );
});

it('sorts no more when nobody waits', async () => {
  const signal = AbortSignal.abort(new Error('gone'));
  await expect(sortedInSlices([2, 1], (a, b) => a - b, new Breath(), signal)).rejects.toThrow('gone');
});
