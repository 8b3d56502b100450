/** One worker of `npm run oracle` (oracle.mjs): runs its part of the seeds, and tells of each in a line. */
import { runCase } from './case.js';
import { Stages } from './stage.js';

interface Work {
  readonly from: number;
  readonly seeds: number;
  /** This worker's number, from 0, and how many there are. */
  readonly worker: number;
  readonly workers: number;
}

const work = JSON.parse(process.env['ORACLE'] ?? '{"from":1,"seeds":1,"worker":0,"workers":1}') as Work;

function tell(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`\noracle ${JSON.stringify(line)}\n`);
}

it('restores as the document says', async () => {
  const stages = new Stages();
  try {
    for (let seed = work.from + work.worker; seed < work.from + work.seeds; seed += work.workers) {
      const verdict = await runCase(stages, seed).catch((error: unknown) => ({
        seed,
        restores: 0,
        problems: [`the oracle itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
        kinds: [],
        story: [],
      }));
      tell({ ...verdict });
    }
  } finally {
    await stages.close();
  }
}, 36_000_000);
