/**
 * Random networks, random changes and random restores, judged by what a restore means: some seconds of what
 * `npm run oracle` goes through at length (test/oracle). A seed is looked into alone by `npm run oracle -- --seed N`.
 */
import { runCase } from '../../oracle/case.js';
import { Stages } from '../../oracle/stage.js';
import { lawRuns } from '../../support/law-runs.js';

const SEEDS = lawRuns(8);

const stages = new Stages();
afterAll(() => stages.close());

describe('a restore', () => {
  it(`keeps the laws of what it means, for the seeds 1 to ${SEEDS}`, async () => {
    const broken: string[] = [];
    let restores = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const verdict = await runCase(stages, seed);
      restores += verdict.restores;
      broken.push(...verdict.problems.map((problem) => `npm run oracle -- --seed ${seed}: ${problem}`));
    }
    expect(broken).toEqual([]);
    expect(restores).toBeGreaterThan(2 * SEEDS);
  });
});
