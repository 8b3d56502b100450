/**
 * Rate limits by address, by token and for tokens that are refused, over HTTP and over sockets; where a request comes
 * from.
 */

import { authenticateRequest } from '../../../src/api/http/authenticated-request.js';
import { createAuthenticator } from '../../../src/auth/authenticator.js';
import type { TrafficConfig } from '../../../src/config/config.js';
import { systemClock } from '../../../src/lib/clock.js';
import { createLog } from '../../../src/lib/log.js';
import { closeOf, codesOf, TinyClient, tokenOf } from '../../support/clients/tiny-client.js';
import type { TinyServer } from '../../support/servers/tiny-server.js';
import { NO_LIMITS, startTinyServer } from '../../support/servers/tiny-server.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

let tiny: TinyServer;
afterEach(() => tiny.close());

async function start(traffic: Partial<TrafficConfig>): Promise<TinyClient> {
  tiny = await startTinyServer(
    {
      routes: (fastify) => {
        fastify.addHook('onRequest', async (request) =>
          authenticateRequest(request, { authenticate: async () => ({ subject: 'rest', permissions: new Set() }) }),
        );
        fastify.get('/rest', () => ({ ok: true }));
      },
    },
    { traffic: { ...NO_LIMITS, ...traffic } },
  );
  return TinyClient.of(tiny.url);
}

const limitsOf = ({ headers }: { readonly headers: Headers }): unknown[] =>
  ['x-ratelimit-limit', 'x-ratelimit-remaining', 'retry-after'].map((name) => headers.get(name));

describe('a token', () => {
  it('has its requests counted, told in the headers, and refused once there are too many', async () => {
    const client = await start({ perTokenPerMinute: 3 });
    for (const left of ['2', '1', '0']) {
      const answer = await client.post({ query: '{ hello }' });
      expect([answer.status, ...limitsOf(answer)]).toEqual([200, '3', left, null]);
      expect(Number(answer.headers.get('x-ratelimit-reset'))).toBeGreaterThan(50);
    }
    const refused = await client.post({ query: '{ hello }' }, { 'x-request-id': 'req-9' });
    expect([refused.status, ...codesOf(refused)]).toEqual([429, 'RATE_LIMITED']);
    expect(limitsOf(refused).slice(0, 2)).toEqual(['3', '0']);
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(50);
    expect(wait).toBeLessThanOrEqual(60);
    expect(refused.errors[0]).toMatchObject({
      message: `Too many requests with your token: 3 a minute are taken, try again in ${wait} s`,
      extensions: { requestId: 'req-9' },
    });
    expect(refused.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('has a limit of its own, and none where it is 0', async () => {
    const client = await start({ perTokenPerMinute: 1 });
    const other = `Bearer ${await tokenOf({ sub: 'bob' })}`;
    expect((await client.post({ query: '{ hello }' })).status).toBe(200);
    expect((await client.post({ query: '{ hello }' })).status).toBe(429);
    expect((await client.post({ query: '{ hello }' }, { authorization: other })).status).toBe(200);
    // two tokens of one subject are one
    const again = `Bearer ${await tokenOf({ sub: 'ann', exp: Math.floor(Date.now() / 1000) + 60 })}`;
    expect((await client.post({ query: '{ hello }' }, { authorization: again })).status).toBe(429);
    await tiny.close();
    const free = await start({ perTokenPerMinute: 0 });
    for (let i = 0; i < 20; i++) expect(limitsOf(await free.post({ query: '{ hello }' }))).toEqual([null, null, null]);
  });

  it('is counted on other routes in the same way, with the shape of their errors', async () => {
    await start({ perTokenPerMinute: 1 });
    const rest = (): Promise<Response> => fetch(`${tiny.url}/rest`, { headers: { 'x-request-id': 'req-1' } });
    expect((await rest()).status).toBe(200);
    const refused = await rest();
    expect([refused.status, await refused.json()]).toEqual([
      429,
      { error: expect.stringMatching(/^Too many requests with your token/), code: 'RATE_LIMITED', request_id: 'req-1' },
    ]);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('has its operations on a socket counted too', async () => {
    const client = await start({ perTokenPerMinute: 2 });
    const socket = await client.openSocket();
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(String(data)));
    socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: client.bearer } }));
    for (const id of ['1', '2', '3']) {
      const before = messages.length;
      await until(() => messages.length > 0);
      socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query: '{ hello }' } }));
      await until(() => messages.length > before);
    }
    const refusal = await until(() => messages.find((message) => message.includes('RATE_LIMITED')));
    expect(JSON.parse(refusal)).toMatchObject({ id: '3', type: 'error' });
    expect((await client.post({ query: '{ hello }' })).status).toBe(429);
    socket.terminate();
  });
});

describe('an address', () => {
  it('has all of its requests counted: health, the IDE, errors and upgrades as well', async () => {
    const client = await start({ perAddressPerMinute: 5 });
    for (const path of ['/healthz', '/ide/nothing', '/nowhere', '/graphql'])
      expect((await fetch(`${tiny.url}${path}`)).status).not.toBe(429);
    (await client.openSocket()).terminate();
    for (const path of ['/healthz', '/ide/nothing', '/nowhere', '/graphql', '/rest']) {
      const refused = await fetch(`${tiny.url}${path}`);
      expect([refused.status, await refused.json()]).toMatchObject([
        429,
        { code: 'RATE_LIMITED', error: expect.stringMatching(/^Too many requests from your address/) },
      ]);
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    }
    await expect(client.openSocket()).rejects.toThrow('429');
    expect((await client.post({ query: '{ hello }' })).status).toBe(429);
  });

  it('is not what X-Forwarded-For says, when nobody is trusted', async () => {
    await start({ perAddressPerMinute: 2 });
    const ask = async (from: string): Promise<number> =>
      (await fetch(`${tiny.url}/healthz`, { headers: { 'x-forwarded-for': from, forwarded: `for=${from}` } })).status;
    expect([await ask('1.1.1.1'), await ask('2.2.2.2'), await ask('3.3.3.3')]).toEqual([200, 200, 429]);
  });

  it('is what a trusted proxy says, from the last hop that is not trusted on', async () => {
    const client = await start({ perAddressPerMinute: 1, trustedProxies: ['127.0.0.1', '10.0.0.0/8'] });
    const ask = async (from: string): Promise<number> =>
      (await fetch(`${tiny.url}/healthz`, { headers: { 'x-forwarded-for': from } })).status;
    expect(await ask('1.1.1.1')).toBe(200);
    expect(await ask('1.1.1.1')).toBe(429);
    expect(await ask('2.2.2.2, 10.1.2.3')).toBe(200);
    // what the client has put in front itself counts for nothing
    expect(await ask('9.9.9.9, 2.2.2.2, 10.1.2.3')).toBe(429);
    expect(await ask('8.8.8.8, 2.2.2.2')).toBe(429);
    await expect(client.openSocket({ 'x-forwarded-for': '2.2.2.2' })).rejects.toThrow('429');
    (await client.openSocket({ 'x-forwarded-for': '4.4.4.4' })).terminate();
    expect(await ask('4.4.4.4')).toBe(429);
  });

  it('of IPv6 is its network, and of IPv4 within IPv6 is that of IPv4', async () => {
    const client = await start({ perAddressPerMinute: 1, socketsPerAddressMax: 1, trustedProxies: ['loopback'] });
    const ask = async (from: string): Promise<number> =>
      (await fetch(`${tiny.url}/healthz`, { headers: { 'x-forwarded-for': from } })).status;
    expect([await ask('2001:db8::1'), await ask('2001:db8::2:3'), await ask('2001:db8:0:1::1')]).toEqual([
      200, 429, 200,
    ]);
    expect([await ask('5.5.5.5'), await ask('::ffff:5.5.5.5')]).toEqual([200, 429]);
    (await client.openSocket({ 'x-forwarded-for': '2001:db8:0:7::1' })).terminate();
    await expect(client.openSocket({ 'x-forwarded-for': '2001:db8:0:7::2' })).rejects.toThrow('429');
  });

  it('costs bounded memory, whatever addresses are sent', async () => {
    await start({ perAddressPerMinute: 1, trustedProxies: ['loopback'] });
    const ask = async (from: string): Promise<number> =>
      (await tiny.api.fastify.inject({ url: '/healthz', headers: { host: 'localhost', 'x-forwarded-for': from } }))
        .statusCode;
    expect([await ask('1.1.1.1'), await ask('1.1.1.1')]).toEqual([200, 429]);
    for (let i = 0; i < 10_000; i++) await ask(`20.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    // the oldest counter was forgotten: there are ten thousand and no more
    expect(await ask('1.1.1.1')).toBe(200);
  });
});

describe('the minute of a limit', () => {
  it('is as long as ever when somebody sets the clock', async () => {
    const clock = new TestClock();
    tiny = await startTinyServer({ clock }, { traffic: { ...NO_LIMITS, perTokenPerMinute: 1 } });
    const client = await TinyClient.of(tiny.url);
    const ask = async (): Promise<unknown[]> => {
      const { status, headers } = await client.post({ query: '{ hello }' });
      return [status, headers.get('retry-after')];
    };
    expect(await ask()).toEqual([200, null]);
    clock.advance(20_000);
    clock.set(3_600_000);
    expect(await ask()).toEqual([429, '40']);
    clock.set(-7_200_000);
    expect(await ask()).toEqual([429, '40']);
    clock.advance(40_000);
    expect(await ask()).toEqual([200, null]);
    expect(await ask()).toEqual([429, '60']);
  });
});

describe('tokens that are refused', () => {
  it('are looked at so often only, by address; then a valid one is not looked at either', async () => {
    const client = await start({ failedLoginsPerMinute: 3, trustedProxies: ['loopback'] });
    const ask = async (authorization: string, from = '1.1.1.1'): Promise<number> =>
      (await client.post({ query: '{ hello }' }, { authorization, 'x-forwarded-for': from })).status;
    expect(await ask(client.bearer)).toBe(200);
    for (const wrong of ['Bearer a', 'Bearer b.c.d', `Bearer ${await tokenOf({ exp: 1 })}`])
      expect(await ask(wrong)).toBe(401);
    expect(await ask('Bearer e')).toBe(429);
    expect(await ask(client.bearer)).toBe(429);
    expect(await ask(client.bearer, '2.2.2.2')).toBe(200);
    const refused = await client.post(
      { query: '{ hello }' },
      { authorization: 'Bearer e', 'x-forwarded-for': '1.1.1.1' },
    );
    expect(refused.errors[0]?.message).toMatch(/^Too many tokens that are not valid from your address: 3 a minute/);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(refused.headers.get('www-authenticate')).toBeNull();
  });

  it('do not count where there was none', async () => {
    const client = await start({ failedLoginsPerMinute: 2 });
    for (let i = 0; i < 5; i++)
      expect(
        (
          await fetch(`${tiny.url}/graphql`, {
            method: 'POST',
            body: '{}',
            headers: { 'content-type': 'application/json' },
          })
        ).status,
      ).toBe(401);
    expect((await client.post({ query: '{ hello }' })).status).toBe(200);
  });

  it('count over a socket, which is then told to come later', async () => {
    const client = await start({ failedLoginsPerMinute: 2 });
    const init = async (authorization: string): Promise<number> => {
      const socket = await client.openSocket();
      const closed = closeOf(socket);
      socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: authorization } }));
      return (await closed).code;
    };
    expect([await init('Bearer a'), await init('Bearer b'), await init('Bearer c'), await init(client.bearer)]).toEqual(
      [4401, 4401, 1013, 1013],
    );
    expect((await client.post({ query: '{ hello }' })).status).toBe(429);
  });

  it('and keys out of reach are two things', async () => {
    const authenticator = await createAuthenticator({
      jwksUrl: 'http://127.0.0.1:1/jwks',
      log: createLog('silent'),
      clock: systemClock,
    });
    tiny = await startTinyServer({ authenticator }, { traffic: { ...NO_LIMITS, failedLoginsPerMinute: 1 } });
    const client = await TinyClient.of(tiny.url);
    const parts = [{ alg: 'RS256', kid: 'k' }, { sub: 'svc' }].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const authorization = `Bearer ${parts.join('.')}.AAAA`;
    for (let i = 0; i < 3; i++) {
      const answer = await client.post({ query: '{ hello }' }, { authorization });
      expect([
        answer.status,
        ...codesOf(answer),
        answer.headers.get('retry-after'),
        answer.headers.get('cache-control'),
      ]).toEqual([503, 'IDENTITY_UNAVAILABLE', '10', 'no-store']);
    }
    expect((await client.overSocket('subscription { count(to: 1) }', { authorization })).failure).toMatchObject({
      code: 1013,
    });
  });
});
