/**
 * Serves the routes of the REST face. Order of a request: token and permission (before a byte of the body is read),
 * query, body, service. JSON is read whatever the Content-Type says: curl's -d sends a form's.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator } from '../../auth/authenticator.js';
import { assert } from '../../lib/assert.js';
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import { askedTarget, type CommandHead, permit } from '../../service/command/command.js';
import { checked } from '../../service/command/input-check.js';
import { perform } from '../../service/command/perform.js';
import { Reach } from '../../service/command/reach.js';
import { renamed, type Spelling } from '../../service/command/spelling.js';
import { askingOf } from '../http/asking.js';
import type { AuditedRoute } from '../http/audited-request.js';
import { authenticateRequest } from '../http/authenticated-request.js';
import { notJson } from '../http/json-fault.js';
import { clientWentAway } from '../http/request-context.js';
import { isMultipart } from '../http/upload/upload.js';
import { headerKey, takesKeyInBody, withHeaderKey } from './common/header-key.js';
import { checkPlaces } from './common/misplaced.js';
import { REST_SPELLING } from './common/rest-form.js';
import type { Ask, Call, Route } from './common/route.js';
import { snakeCase } from './common/snake-case.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route asks for. */
    asks?: CommandHead;
    /** A body that it takes, as text. */
    bodyExample?: string;
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
    scope.addHook('onRoute', (options) => {
      options.bodyLimit = bodyBytesMax;
    });
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
      try {
        if (isMultipart(request)) throw new AppError('BAD_USER_INPUT', 'This route takes JSON, and no form');
        done(null, jsonOf(body as Buffer, exampleOf(request)));
      } catch (error) {
        done(refusalOf(request, undefined) ?? (error as Error));
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
  const { method, asks } = route;
  const audit = auditedRoute(route);
  serveHead(scope, route);
  scope.route({
    method,
    url: route.path,
    // a HEAD of an export would make the whole document to throw it away
    exposeHeadRoute: false,
    config: {
      ...defined({ audit, asks, bodyExample: route.bodyExample }),
      readsAsItArrives: route.bodyKind === 'UPLOAD',
    },
    onRequest: async (request) => {
      // what is said of the body does not matter, nor whether that can be understood
      if (!isMultipart(request)) delete request.raw.headers['content-type'];
      if (asks === undefined) return;
      await authenticateRequest(request, authenticator);
      const { viewer } = request.scope;
      assert(viewer !== undefined, 'an authenticated request without a viewer');
      // before the body is read, which may be large, and which may ask for a dry run
      if (asks.dryRunNeeds?.every((needed) => viewer.permissions.has(needed)) !== true) permit(asks, viewer);
    },
    preHandler: async (request) => {
      const refusal = refusalOf(request, request.body);
      if (refusal !== undefined) throw refusal;
    },
    handler: async (request, reply) => {
      const answer = await route.handle(callOf(route, request, reply));
      if (answer === undefined) return reply;
      return reply.code(answer.status).type('application/json; charset=utf-8').send(JSON.stringify(answer.body));
    },
  });
}

/** What a GET would come with, where the route tells that without doing its work. */
function serveHead(scope: FastifyInstance, { head, path: url }: Route): void {
  if (head === undefined) return;
  scope.head(url, { exposeHeadRoute: false }, async (request, reply) => {
    const { id } = request.params as { readonly id: string };
    return reply.headers(head(id)).send();
  });
}

/** Why whoever sends a request may not, whatever its body is otherwise, unless that asks for a dry run. */
function refusalOf({ routeOptions, scope: { viewer } }: FastifyRequest, body: unknown): Error | undefined {
  const { asks } = routeOptions.config as { readonly asks?: CommandHead };
  if (asks?.dryRunNeeds === undefined || viewer === undefined) return undefined;
  try {
    permit(asks, viewer, askedTarget(asks, (member) => membersOf(body)[snakeCase(member)]).dryRun);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** What of the route goes into the audit trail also where the command does not run. */
function auditedRoute({ asks, idIs }: Route): AuditedRoute | undefined {
  if (asks?.audit === undefined) return undefined;
  return {
    action: asks.name,
    reading: asks.audit.reading,
    target: ({ params, body }) => {
      const { id } = (params ?? {}) as { readonly id?: string };
      return askedTarget(asks, (member) => (member === idIs ? id : membersOf(body)[snakeCase(member)]));
    },
  };
}

/** Those of a body that need not have passed any check. */
function membersOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null && !(body instanceof Uint8Array)
    ? (body as Readonly<Record<string, unknown>>)
    : {};
}

function callOf(route: Route, request: FastifyRequest, reply: FastifyReply): Call<unknown, unknown> {
  const { query, body, bodyKind } = route;
  const { viewer = { subject: 'anyone', permissions: new Set() }, log } = request.scope;
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort(clientWentAway()));
  const { signal } = gone;
  const ask: Ask = (command, service, input, onBegun) =>
    perform(
      command,
      service,
      input,
      // a download is known to be somebody's only once it was looked up
      askingOf({ scope: request.scope, viewer: request.scope.viewer ?? viewer, signal, spelling: spellingOf(route) }),
      onBegun,
    );
  const params = request.params as Readonly<Record<string, string>>;
  const { id = '' } = params;
  const given = withHeaderKey(route, request.body ?? {}, headerKey(request.headers));
  checkPlaces(route, { query: request.query as Readonly<Record<string, unknown>>, body: request.body });
  return {
    id,
    params,
    request,
    reply,
    viewer,
    reach: new Reach(viewer, request.scope.where),
    log,
    signal,
    ask,
    query: checked(query, request.query),
    // a call that takes no body may come with an empty one
    body: bodyKind === 'JSON' ? checked(body, given) : undefined,
  };
}

/** Some routes take the passphrase in a header only: it does not belong into an address. */
function spellingOf(route: Route): Spelling {
  return route.headers?.['X-Decryption-Key'] === undefined || (route.bodyKind === 'JSON' && takesKeyInBody(route))
    ? REST_SPELLING
    : renamed(REST_SPELLING, { decryptionKey: 'the header X-Decryption-Key' });
}

/** @throws AppError BAD_USER_INPUT; the parser's own message quotes the body, which may hold a key */
function jsonOf(bytes: Buffer, example: string): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AppError('BAD_USER_INPUT', 'The body is not UTF-8: write it in that encoding', { cause: error });
  }
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson(error, example);
  }
}

function exampleOf({ routeOptions }: FastifyRequest): string {
  return (routeOptions.config as { readonly bodyExample?: string }).bodyExample ?? '{}';
}
