/** Bodies in memory: how much of one request, and of all together. */
import { request } from 'node:http';
import { codesOf, TinyClient, tokenOf } from '../../support/clients/tiny-client.js';
import { startTinyServer, type TinyServer } from '../../support/servers/tiny-server.js';
import { until } from '../../support/until.js';

const MIB = 1024 * 1024;

let tiny: TinyServer;
let client: TinyClient;
beforeAll(async () => {
  tiny = await startTinyServer({}, { bodyBytesMax: 20 * MIB });
  client = await TinyClient.of(tiny.url);
});
afterAll(() => tiny.close());

const padded = (bytes: number, query = '{ hello }'): string =>
  JSON.stringify({ query, variables: { a: 'x'.repeat(bytes) } });
const bearerOf = async (claims: Record<string, unknown>): Promise<Record<string, string>> => ({
  authorization: `Bearer ${await tokenOf({ roles: [], ...claims })}`,
});

/** Sends a body that does not say how long it is. */
async function inChunks(body: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sending = request(
      `${tiny.url}/graphql`,
      { method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    sending.on('error', reject);
    for (let at = 0; at < body.length; at += MIB) sending.write(body.slice(at, at + MIB));
    sending.end();
  });
}

describe('a body', () => {
  it.each([
    ['may be large of a token that may import', { permissions: ['backups:write'] }, 12 * MIB, 200],
    ['may not be that large of one that may not', { permissions: ['backups:read'] }, 12 * MIB, 413],
    ['may be as large as any other operation needs', { permissions: ['backups:read'] }, 4 * MIB, 200],
    ['may be small of a token that allows nothing', {}, 1_000, 200],
    ['may not be larger of such a token', {}, 100_000, 413],
  ])('%s, however its length is told', async (_what, claims, bytes, status) => {
    const headers = await bearerOf(claims);
    expect((await client.post(padded(bytes), headers)).status).toBe(status);
    expect(await inChunks(padded(bytes), headers)).toBe(status);
  });

  it('of nobody is not read at all, where there is nothing', async () => {
    const answer = await fetch(`${tiny.url}/nothing`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: padded(100_000),
    });
    expect(answer.status).toBe(404);
  });
});

it('all bodies together are so large at most, which tokens share, and each counts until its request has ended', async () => {
  const server = await startTinyServer({ bodiesBytesMax: 90_000 });
  const of = await TinyClient.of(server.url);
  const post = (headers: Record<string, string>) => of.post(padded(40_000, '{ wait }'), headers);
  const [ann, bob] = [await bearerOf({ roles: ['admin'] }), await bearerOf({ sub: 'bob', roles: ['admin'] })];
  const waiting = [post(ann)];
  await until(() => server.contexts.length === 1);
  const second = await post(ann);
  expect([second.status, ...codesOf(second)]).toEqual([429, 'RATE_LIMITED']);
  expect(second.headers.get('retry-after')).not.toBeNull();
  waiting.push(post(bob));
  await until(() => server.contexts.length === 2);
  server.release();
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await post(ann)).status).toBe(200);
  await server.close();
});
