/**
 * Serves the routes of the REST face. Order of a request: token and permission (before a byte of the body is read),
 * query, body, service. JSON is read whatever the Content-Type says: curl's -d sends a form's.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator } from '../../auth/authenticator.js';
import { requirePermissions } from '../../auth/permission.js';
import { assert } from '../../lib/assert.js';
import { AppError } from '../../lib/error.js';
import { authenticateRequest } from '../http/authenticated-request.js';
import { clientWentAway } from '../http/request-context.js';
import { checked } from '../http/request-field.js';
import { isMultipart } from '../http/upload/upload.js';
import type { Call, Route } from './common/route.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The action in the audit trail, of a route that changes something. */
    audit?: string;
  }
}

export interface RouterOptions {
  readonly routes: readonly Route[];
  readonly authenticator: Authenticator;
  /** Of a JSON body. */
  readonly bodyBytesMax: number;
}

/** Registers the routes in a scope of their own. */
export async function serveRoutes(
  fastify: FastifyInstance,
  { routes, authenticator, bodyBytesMax }: RouterOptions,
): Promise<void> {
  await fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyBytesMax }, (request, body, done) => {
      try {
        if (isMultipart(request)) throw new AppError('BAD_USER_INPUT', 'This route takes JSON, and no form');
        done(null, jsonOf(body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    });
    for (const route of routes.filter(({ bodyKind }) => bodyKind !== 'UPLOAD')) serve(scope, route, authenticator);
  });
  await fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // the route reads the body itself, as it arrives
    scope.addContentTypeParser('*', (_request, _body, done) => done(null));
    for (const route of routes.filter(({ bodyKind }) => bodyKind === 'UPLOAD')) serve(scope, route, authenticator);
  });
}

function serve(scope: FastifyInstance, route: Route, authenticator: Authenticator): void {
  const { method, needs, audited = false, name } = route;
  scope.route({
    method,
    url: route.path,
    // a HEAD of an export would make the whole document to throw it away
    exposeHeadRoute: false,
    config: audited ? { audit: name } : {},
    onRequest: async (request) => {
      // what is said of the body does not matter, nor whether that can be understood
      if (!isMultipart(request)) delete request.raw.headers['content-type'];
      if (needs.length === 0) return;
      await authenticateRequest(request, authenticator);
      const { viewer } = request.scope;
      assert(viewer !== undefined, 'an authenticated request without a viewer');
      requirePermissions(viewer, ...needs);
    },
    handler: async (request, reply) => {
      const answer = await route.handle(callOf(route, request, reply));
      if (answer === undefined) return reply;
      return reply.code(answer.status).type('application/json; charset=utf-8').send(JSON.stringify(answer.body));
    },
  });
}

function callOf(
  { query, body, bodyKind }: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Call<unknown, unknown> {
  const { viewer = { subject: 'anyone', permissions: new Set() }, log } = request.scope;
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort(clientWentAway()));
  const { id = '' } = request.params as { id?: string };
  return {
    id,
    request,
    reply,
    viewer,
    log,
    signal: gone.signal,
    query: checked(query, request.query),
    // a call that takes no body may come with an empty one
    body: bodyKind === 'JSON' ? checked(body, request.body ?? {}) : undefined,
  };
}

/** @throws AppError BAD_USER_INPUT; the parser's own message quotes the body, which may hold a key */
function jsonOf(bytes: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AppError('BAD_USER_INPUT', 'The body is not UTF-8', { cause: error });
  }
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    const at = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw new AppError(
      'BAD_USER_INPUT',
      `The body is no valid JSON${at === undefined ? '' : ` (character ${at})`}: send an object like {"name": ` +
        '"nightly"}',
      { cause: new Error((error as Error).name) },
    );
  }
}
