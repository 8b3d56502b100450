/** A part of the cases, by a seed: every fault and every story is in it as often as any other. Pure. */
import { randomOf } from '../support/random.js';
import type { LifeCase } from './case.js';

/** @param count at most so many; all cases, in an order by the seed, where there are no more */
export function sampleOf(cases: readonly LifeCase[], count: number, seed: number): readonly LifeCase[] {
  const random = randomOf(seed);
  const shuffled = [...cases]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((each) => ({ each, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ each }) => each);
  const byFault = new Map<string, LifeCase[]>();
  for (const each of shuffled) byFault.set(each.fault, [...(byFault.get(each.fault) ?? []), each]);
  const queues = [...byFault.values()].map(storiesInTurn);
  const sample: LifeCase[] = [];
  for (let round = 0; sample.length < Math.min(count, cases.length); round++)
    for (const queue of queues) {
      const each = queue[round];
      if (each !== undefined && sample.length < count) sample.push(each);
    }
  return sample;
}

/** First one of every story, then a second one of every story ... */
function storiesInTurn(cases: readonly LifeCase[]): readonly LifeCase[] {
  const told = new Map<string, number>();
  const ranked = cases.map((each) => {
    const rank = told.get(each.story) ?? 0;
    told.set(each.story, rank + 1);
    return { each, rank };
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ each }) => each);
}
