/** A part of the cases, by a seed: every fault and every story is in it as often as any other. Pure. */
import type { LifeCase } from './case.js';

/** @param count at most so many; all cases, in an order by the seed, where there are no more */
export function sampleOf(cases: readonly LifeCase[], count: number, seed: number): readonly LifeCase[] {
  const random = randomOf(seed);
  const shuffled = [...cases]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((each) => ({ each, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ each }) => each);
  const perKind = new Map<string, number>();
  const perStory = new Map<string, number>();
  const ranked = shuffled.map((each) => {
    const kind = perKind.get(each.fault) ?? 0;
    const story = perStory.get(`${each.story}/${each.fault}`) ?? 0;
    perKind.set(each.fault, kind + 1);
    perStory.set(`${each.story}/${each.fault}`, story + 1);
    return { each, kind, story };
  });
  // the first of each fault come first, then the second of each ...
  return ranked
    .sort((a, b) => a.story - b.story || a.kind - b.kind)
    .slice(0, count)
    .map(({ each }) => each);
}

/** A small generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
