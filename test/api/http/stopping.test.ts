/** A server that is told to stop, and clients that read slowly or not at all. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { authenticateRequest } from '../../../src/api/http/authenticated-request.js';
import { ServerCertificate } from '../../../src/api/http/guard/tls.js';
import { createAuthenticator } from '../../../src/auth/authenticator.js';
import { systemClock } from '../../../src/lib/clock.js';
import { createLog } from '../../../src/lib/log.js';
import { TinyClient, tokenOf } from '../../support/clients/tiny-client.js';
import { makeCertificates } from '../../support/servers/certificates.js';
import { JWT_SECRET, startTinyServer, type TinyServer } from '../../support/servers/tiny-server.js';

/** More than the kernel takes off the server's hands. */
const LARGE = 'x'.repeat(64 << 20);
const log = createLog('silent');

async function start(options: Parameters<typeof startTinyServer>[0] = {}): Promise<TinyServer> {
  const authenticator = await createAuthenticator({ jwtSecret: JWT_SECRET, log, clock: systemClock });
  const routes = async (fastify: FastifyInstance): Promise<void> => {
    fastify.get('/open', (_request, reply) => reply.type('text/plain').send(LARGE));
    await fastify.register(async (scope) => {
      scope.addHook('onRequest', async (request) => authenticateRequest(request, authenticator));
      scope.get('/known', (_request, reply) => reply.type('text/plain').send(LARGE));
    });
  };
  return startTinyServer({ authenticator, routes, ...options });
}

/** Reads the beginning of an answer, and no more. */
async function readBeginning(socket: Socket, path: string): Promise<void> {
  socket.on('error', () => undefined);
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${await tokenOf({ sub: 'slow' })}\r\n\r\n`,
  );
  await once(socket, 'readable');
  expect(String(socket.read(12))).toBe('HTTP/1.1 200');
}

function open({ url }: TinyServer): Socket {
  return connect(Number(new URL(url).port), '127.0.0.1');
}

it('is not held up by a reader whom nobody knows, and hangs up on him', async () => {
  const tiny = await start();
  const socket = open(tiny);
  await readBeginning(socket, '/open');
  await tiny.api.drain();
  expect(socket.destroyed).toBe(false);
  const closed = once(socket, 'close');
  await tiny.close();
  socket.resume();
  await closed;
});

it('waits for a reader whom it knows, and hangs up on him when it closes all the same', async () => {
  const tiny = await start();
  const socket = open(tiny);
  await readBeginning(socket, '/known');
  let isDrained = false;
  const draining = tiny.api.drain().then(() => {
    isDrained = true;
  });
  // whoever comes now is refused: it has begun
  const client = await TinyClient.of(tiny.url);
  expect((await client.post({ query: '{ hello }' })).status).toBe(503);
  expect(isDrained).toBe(false);
  const closed = once(socket, 'close');
  await tiny.close();
  socket.resume();
  await Promise.all([closed, draining]);
});

it('hangs up on readers over TLS, too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ovncp-stopping-'));
  const { server } = await makeCertificates(folder);
  const files = { privateKeyFile: server.privateKey, certificateFile: server.certificate };
  const tiny = await start({ tls: await ServerCertificate.open(files, { log, clock: systemClock }) });
  const socket = connectTls({ port: Number(new URL(tiny.url).port), host: '127.0.0.1', rejectUnauthorized: false });
  await readBeginning(socket, '/known');
  const closed = once(socket, 'close');
  await tiny.close();
  socket.resume();
  await closed;
  await rm(folder, { recursive: true });
});
