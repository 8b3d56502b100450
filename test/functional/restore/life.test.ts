/**
 * A restore, a confirmation, an undo, an expiry and a recovery, with a fault at a moment of them: a sample of what
 * `npm run life` goes through whole (test/life). A failure is looked into alone by `npm run life -- --case ID`.
 */
import { casesOf, type LifeCase, runCase } from '../../life/case.js';
import { FAULTS } from '../../life/faults.js';
import { sampleOf } from '../../life/sample.js';
import { Stages } from '../../life/stage.js';
import { STORIES } from '../../life/stories.js';
import { lawRuns } from '../../support/law-runs.js';

/** Every fault in one story. */
const CASES = lawRuns(1) * Object.keys(FAULTS).length;
const SEED = 20_260;

let stages: Stages;
let all: LifeCase[];

beforeAll(async () => {
  stages = await Stages.open();
  all = [];
  for (const story of Object.keys(STORIES)) all.push(...(await casesOf(stages, story)));
});
afterAll(() => stages.close());

describe('the life of a restore', () => {
  it('has thousands of moments at which something can go wrong', () => {
    expect(new Set(all.map(({ id }) => id)).size).toBeGreaterThan(2_000);
  });

  it.each(Object.keys(FAULTS))('keeps its promises, whatever the moment: %s', async (fault) => {
    const sample = sampleOf(all, CASES, SEED).filter((each) => each.fault === fault);
    expect(sample.length).toBe(CASES / Object.keys(FAULTS).length);
    const found: string[] = [];
    for (const each of sample)
      for (const problem of (await runCase(stages, each)) ?? []) found.push(`${each.id}: ${problem}`);
    expect(found).toEqual([]);
  });
});
