/** One worker of `npm run life` (life.mjs): runs its part of all cases, and tells of each in a line. */
import { createHash } from 'node:crypto';
import { caseOf, casesOf, type LifeCase, runCase } from './case.js';
import { sampleOf } from './sample.js';
import { Stages } from './stage.js';
import { STORIES } from './stories.js';

interface Work {
  /** This worker's number, from 0, and how many there are. */
  readonly worker: number;
  readonly workers: number;
  /** One case alone. */
  readonly case?: string;
  /** Tell what the server logged. */
  readonly log?: boolean;
  /** Cases whose id has this text in it. */
  readonly only?: string;
  /** So many cases, of every kind. */
  readonly sample?: number;
  readonly seed: number;
}

const work = JSON.parse(process.env['LIFE'] ?? '{"worker":0,"workers":1,"seed":1}') as Work;

function tell(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`\nlife ${JSON.stringify(line)}\n`);
}

async function chosen(stages: Stages): Promise<readonly LifeCase[]> {
  if (work.case !== undefined) return [caseOf(work.case)];
  const all: LifeCase[] = [];
  for (const story of Object.keys(STORIES)) all.push(...(await casesOf(stages, story)));
  const { only = '' } = work;
  const cases = all.filter(({ id }) => id.includes(only));
  return sampleOf(cases, work.sample ?? cases.length, work.seed);
}

function placeOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE();
}

it('keeps every promise, whatever goes wrong at whatever moment', async () => {
  const stages = await Stages.open();
  try {
    // by the id: two workers may find the moments in another order
    const cases = (await chosen(stages)).filter(({ id }) => placeOf(id) % work.workers === work.worker);
    tell({ cases: cases.length });
    for (const each of cases) {
      const began = performance.now();
      const problems = await runCase(stages, each, work.log === true ? (log) => tell({ log }) : undefined).catch(
        (error: unknown) => [`the harness: ${String(error)}`],
      );
      tell({ id: each.id, problems: problems ?? [], isSprung: problems !== undefined, ms: performance.now() - began });
    }
    tell({ isOver: true });
  } finally {
    await stages.close();
  }
}, 36_000_000);
