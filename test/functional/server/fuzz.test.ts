/**
 * Hostile input to the whole server: never a 5xx, never a hang, never a changed database but by a restore that
 * succeeded, no secret told, nothing left behind, memory bounded. Seeded; FUZZ_RUNS=100000 for more inputs than the
 * suite has time for, FUZZ_SEED for others. FUZZ_KEEP_GOING=1 lists all that is found instead of the first, and
 * FUZZ_KEEP=folder keeps files that were found.
 */
import fc from 'fast-check';
import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery } from 'graphql';
import {
  archiveDamages,
  manifestDamages,
  withDamagedArchive,
  withDamagedManifests,
} from '../../support/fuzz/archive.js';
import { documentInputs } from '../../support/fuzz/document.js';
import { GraphQLShapes } from '../../support/fuzz/graphql.js';
import { basesOf, fuzzImport } from '../../support/fuzz/import.js';
import { type OpenApi, RestShapes, sendings, wireRequestOf } from '../../support/fuzz/rest.js';
import { conversations, converse } from '../../support/fuzz/socket.js';
import { FuzzTarget } from '../../support/fuzz/target.js';
import { lawRuns } from '../../support/law-runs.js';

const MANY = process.env['FUZZ_RUNS'];
const RUNS = Number(MANY ?? lawRuns(150));
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_115);
const RSS_BYTES_MAX = 600 << 20;
/** A dump of the database takes as long as ten requests. */
const LOOK_EVERY = 25;
const MANIFESTS_AT_ONCE = 100;
/** Of the operations that may change the database. */
const RESTORING = /\/(?:restore|undo|confirm)\b|restoreBackup|undoRestore|confirmRestore/;
/** Of all runs: one import is about a dozen requests. */
const SHARES = { rest: 0.5, graphql: 0.38, sockets: 0.06, imports: 0.03, archives: 0.02, manifests: 0.01 } as const;

let target: FuzzTarget;
beforeAll(async () => {
  target = await FuzzTarget.start(process.env['FUZZ_KEEP_GOING'] !== undefined);
});
afterAll(() => target.stop());

/** Runs a property as often as its part has a share. */
async function holds<T>(
  part: keyof typeof SHARES,
  inputs: fc.Arbitrary<T>,
  look: (input: T) => Promise<void>,
  numRuns = runsOf(part),
): Promise<void> {
  const property = fc.asyncProperty(inputs, look);
  await fc.assert(property, { seed: SEED, numRuns, endOnFailure: process.env['FUZZ_SHRINK'] === undefined });
}

function runsOf(part: keyof typeof SHARES): number {
  return Math.ceil(RUNS * SHARES[part]);
}

/** After a request: what may have been restored is settled, and now and then the database is looked at. */
function follower(): (text: string) => Promise<void> {
  let count = 0;
  return async (text) => {
    if (RESTORING.test(text)) await target.settle();
    if (++count % LOOK_EVERY !== 0) return;
    await target.unchanged(text.slice(0, 2_000));
    if (count % (LOOK_EVERY * 4) === 0) await target.tidy();
    target.checkLog();
  };
}

const timeoutMs = MANY === undefined ? 600_000 : 24 * 3_600_000;

it(
  'REST answers whatever it is sent',
  async () => {
    const shapes = new RestShapes((await target.own('GET', '/api/v1/openapi.json')).body as unknown as OpenApi);
    const follow = follower();
    await holds('rest', fc.tuple(shapes.request(), sendings), async ([input, sending]) => {
      const isDelete = input.method === 'DELETE';
      const answer = await target.send({
        request: wireRequestOf(input, sending, target.credentials(isDelete)),
        part: 'rest',
      });
      if (isDelete && answer?.status === 200) await target.makeSpare();
      await follow(`${input.method} ${input.target} ${String(input.body)}`);
    });
  },
  timeoutMs,
);

async function graphQLShapes(): Promise<GraphQLShapes> {
  const { body } = await target.own(
    'POST',
    '/graphql',
    { query: getIntrospectionQuery() },
    { 'content-type': 'application/json' },
  );
  return new GraphQLShapes(buildClientSchema(body['data'] as IntrospectionQuery));
}

it(
  'GraphQL answers whatever it is sent',
  async () => {
    const shapes = await graphQLShapes();
    const follow = follower();
    await holds('graphql', fc.tuple(shapes.request(), sendings), async ([input, sending]) => {
      const text = `${input.method} ${input.target} ${typeof input.body === 'string' ? input.body : Buffer.from(input.body ?? []).toString()}`;
      const isDelete = text.includes('deleteBackup');
      await target.send({ request: wireRequestOf(input, sending, target.credentials(isDelete)), part: 'graphql' });
      await follow(text);
      if (isDelete) await target.tidy();
    });
  },
  timeoutMs,
);

it(
  'a socket answers or is closed, whatever comes over it',
  async () => {
    const shapes = await graphQLShapes();
    const follow = follower();
    await holds('sockets', conversations(shapes), async (conversation) => {
      const text = JSON.stringify(conversation);
      const heard = await converse(`${target.url.replace('http', 'ws')}/graphql`, conversation, {
        ...target.ids,
        token: target.token,
      }).catch((error: unknown) => error as Error);
      if (heard instanceof Error) target.problem(`${heard.message}: ${text.slice(0, 2_000)}`);
      else target.checkHeard(heard, text);
      await follow(text);
    });
  },
  timeoutMs,
);

it(
  'an import is refused, or is valid and restored whole or not at all',
  async () => {
    const bases = await basesOf(target);
    await holds('imports', documentInputs, (input) => fuzzImport(target, bases, input));
  },
  timeoutMs,
);

it(
  'a damaged archive is never taken for a whole one',
  async () => {
    await holds('archives', archiveDamages, (damage) => withDamagedArchive(target, damage));
    await target.unchanged('damaged archives');
  },
  timeoutMs,
);

it(
  'a damaged manifest is left out, or tells the truth',
  async () => {
    const numRuns = runsOf('manifests');
    const atOnce = Math.min(numRuns, MANIFESTS_AT_ONCE);
    const list = fc.array(manifestDamages, { minLength: atOnce, maxLength: atOnce, size: 'max' });
    await holds('manifests', list, (damages) => withDamagedManifests(target, damages), Math.ceil(numRuns / atOnce));
  },
  timeoutMs,
);

it(
  'leaves the server well, its memory bounded, and nothing behind',
  async () => {
    await target.end();
    const total = [...target.counts.values()].flatMap((counts) => [...counts.values()]).reduce((sum, n) => sum + n, 0);
    if (MANY !== undefined) process.stdout.write(target.report(total));
    expect(target.problems).toEqual([]);
    expect(total).toBeGreaterThanOrEqual(RUNS);
    expect(target.peak).toBeLessThan(RSS_BYTES_MAX);
  },
  timeoutMs,
);
