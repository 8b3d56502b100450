/**
 * Serves the built IDE: one of its pages at /graphql for browsers, its files under /ide/. Public; the operations need a
 * token.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, errnoOf } from '../../../lib/error.js';
import { idePolicy } from '../guard/security-headers.js';

/** The page whose tabs change nothing, and that of the demo. */
export type IdePage = 'index.html' | 'demo.html';

/** @param folder dist/ide; where it does not exist, /graphql tells how to build it */
export async function serveIde(fastify: FastifyInstance, folder: string, name: IdePage): Promise<void> {
  const page = await pageOf(join(folder, name));
  fastify.get('/graphql', (request, reply) => answerPage(request, reply, page));
  if (page === undefined) return;
  await fastify.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      void reply.header('content-security-policy', idePolicy(request.headers.host));
    });
    scope.addHook('onSend', async (request, reply) => {
      // Built files carry a hash of their content in their names.
      if (reply.statusCode < 400 && request.url.startsWith('/ide/assets/'))
        void reply.header('cache-control', 'public, max-age=31536000, immutable');
    });
    // a path that leads out of the folder, or is none, is no trouble of ours: thrown on, it reaches the server's own
    // handler
    scope.setErrorHandler((error) => {
      throw isRefusedPath(error)
        ? new AppError('NOT_FOUND', 'There is nothing at this address', { cause: error })
        : error;
    });
    await scope.register(fastifyStatic, {
      root: folder,
      prefix: '/ide/',
      index: false,
      decorateReply: false,
      cacheControl: false,
    });
  });
}

/** What serves the files says 400 or 403 of a path that it does not take. */
function isRefusedPath(error: unknown): boolean {
  const { status } = error as { status?: unknown };
  return status === 400 || status === 403;
}

function answerPage(request: FastifyRequest, reply: FastifyReply, page: string | undefined): FastifyReply {
  if (!(request.headers.accept ?? '').includes('text/html')) {
    void reply.header('allow', 'POST');
    throw new AppError('METHOD_NOT_ALLOWED', 'Send GraphQL operations by POST; a browser gets the IDE here');
  }
  if (page === undefined) throw new AppError('NOT_FOUND', 'The IDE is not built: run npm run build');
  return reply
    .header('content-security-policy', idePolicy(request.headers.host))
    .type('text/html; charset=utf-8')
    .send(page);
}

async function pageOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
