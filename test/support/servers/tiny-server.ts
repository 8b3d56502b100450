/** The API's shell around a schema that is small enough to test the shell and nothing else. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLError,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql';
import type { FileUpload } from 'graphql-upload-minimal';
import { GraphQLUpload } from 'graphql-upload-minimal';
import type { ApiContext } from '../../../src/api/http/request-context.js';
import { openUpload } from '../../../src/api/http/upload/upload.js';
import type { ApiServer, ApiServerOptions } from '../../../src/api/server.js';
import { createApiServer } from '../../../src/api/server.js';
import { createAuthenticator } from '../../../src/auth/authenticator.js';
import { systemClock } from '../../../src/lib/clock.js';
import { AppError } from '../../../src/lib/error.js';
import { createLog } from '../../../src/lib/log.js';

export const JWT_SECRET = 'the secret of the shell tests, 32+ bytes';
export const UPLOAD_BYTES_MAX = 300_000;
/** No limit on rates, so that the other tests need not count. */
export const NO_LIMITS: ApiServerOptions['config']['traffic'] = {
  perTokenPerMinute: 0,
  perAddressPerMinute: 0,
  failedLoginsPerMinute: 0,
  connectionsMax: 1_000,
  socketsPerAddressMax: 100,
  trustedProxies: [],
  corsOrigins: [],
};
const NUL = new GraphQLNonNull(GraphQLString);

const KeyInput = new GraphQLInputObjectType({
  name: 'KeyInput',
  fields: {
    name: { type: NUL },
    encryptionKey: { type: GraphQLString },
    policy: { type: new GraphQLEnumType({ name: 'Policy', values: { SKIP: {}, OVERWRITE: {} } }) },
  },
});

/** What tests hold in their hands: gates that resolvers wait at. */
export interface TinyServer {
  readonly api: ApiServer;
  readonly url: string;
  readonly lines: string[];
  /** Lets `wait` answer. */
  release(): void;
  /** Contexts that resolvers were given. */
  readonly contexts: ApiContext[];
  close(): Promise<void>;
}

function tinySchema(gate: Promise<void>, end: Promise<void>, contexts: ApiContext[]): GraphQLSchema {
  const Node: GraphQLObjectType = new GraphQLObjectType({
    name: 'Node',
    fields: () => ({
      id: { type: NUL, resolve: () => 'n' },
      next: { type: Node, resolve: () => ({}) },
      list: {
        type: new GraphQLList(Node),
        args: { first: { type: GraphQLInt, defaultValue: 50 } },
        resolve: () => [{}],
      },
    }),
  });
  const Viewer = new GraphQLObjectType<ApiContext['viewer']>({
    name: 'Viewer',
    fields: {
      subject: { type: NUL },
      permissions: {
        type: new GraphQLNonNull(new GraphQLList(NUL)),
        resolve: ({ permissions }) => [...permissions],
      },
    },
  });
  const fail = (error: () => unknown) => ({ type: GraphQLString, resolve: () => Promise.reject(error()) });
  const query = new GraphQLObjectType<unknown, ApiContext>({
    name: 'Query',
    fields: {
      hello: {
        type: NUL,
        resolve: (_root, _args, context) => (contexts.push(context), `hello ${context.viewer.subject}`),
      },
      viewer: { type: new GraphQLNonNull(Viewer), resolve: (_root, _args, context) => context.viewer },
      node: { type: Node, resolve: () => ({}) },
      internal: fail(() => new Error('secret stuff')),
      odd: fail(() => new GraphQLError('secret stuff of a library')),
      conflict: fail(
        () =>
          new AppError('CONFLICT', 'Restore conflicts', {
            place: { table: 'ACL', label: 'a' },
            problems: [{ code: 'CONFLICT', message: 'differs', table: 'ACL', label: 'a' }],
          }),
      ),
      busy: fail(() => new AppError('RATE_LIMITED', 'Too many wait already', { retryAfterSeconds: 7 })),
      busyAll: {
        ...fail(() => new AppError('RATE_LIMITED', 'Too many wait already', { retryAfterSeconds: 7 })),
        type: NUL,
      },
      invalid: fail(() =>
        Object.assign(new Error('Argument Validation Error'), {
          extensions: {
            validationErrors: [
              {
                target: { encryptionKey: 'hunter2' },
                value: 'hunter2',
                property: 'encryptionKey',
                constraints: { minLength: 'hunter2 is too short' },
              },
            ],
          },
        }),
      ),
      wait: {
        type: GraphQLString,
        resolve: (_root, _args, context) => (contexts.push(context), gate.then(() => 'done')),
      },
    },
  });
  const mutation = new GraphQLObjectType({
    name: 'Mutation',
    fields: {
      take: { type: GraphQLBoolean, args: { input: { type: new GraphQLNonNull(KeyInput) } }, resolve: () => true },
      upload: {
        type: GraphQLInt,
        args: { file: { type: new GraphQLNonNull(GraphQLUpload) }, read: { type: GraphQLBoolean, defaultValue: true } },
        resolve: async (_root, args: { file: Promise<FileUpload>; read: boolean }) => {
          if (!args.read) return 0;
          let bytes = 0;
          for await (const chunk of openUpload(args.file, UPLOAD_BYTES_MAX)) bytes += chunk.length;
          return bytes;
        },
      },
    },
  });
  const subscription = new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      count: {
        type: GraphQLInt,
        args: { to: { type: new GraphQLNonNull(GraphQLInt) } },
        subscribe: async function* (_root, { to }: { to: number }) {
          for (let count = 1; count <= to; count++) {
            yield { count };
            // clients of the same process have their turn too
            if (count % 10 === 0) await nextTurn();
          }
        },
      },
      forever: {
        type: GraphQLInt,
        subscribe: async function* () {
          yield { forever: 1 };
          await gate;
        },
      },
      ticks: {
        type: GraphQLInt,
        subscribe: async function* () {
          yield { ticks: 1 };
          await gate;
          yield { ticks: 2 };
          await end;
        },
      },
      breaks: {
        type: GraphQLInt,
        subscribe: async function* () {
          yield { breaks: 1 };
          throw new Error('secret stuff');
        },
      },
    },
  });
  return new GraphQLSchema({ query, mutation, subscription });
}

/** Starts on a free port of loopback. */
export async function startTinyServer(
  options: Partial<ApiServerOptions> = {},
  config: Partial<ApiServerOptions['config']> = {},
): Promise<TinyServer> {
  const { clock = systemClock } = options;
  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  const contexts: ApiContext[] = [];
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  let finish: () => void = () => undefined;
  const end = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const api = await createApiServer({
    config: {
      host: '127.0.0.1',
      port: 0,
      introspection: true,
      bodyBytesMax: 100_000,
      uploadBytesMax: UPLOAD_BYTES_MAX,
      traffic: NO_LIMITS,
      ...config,
    },
    schema: tinySchema(gate, end, contexts),
    authenticator: await createAuthenticator({ jwtSecret: JWT_SECRET, log, clock }),
    ready: () => ({ databases: new Map([['northbound', 'ok']]), store: 'ok' }),
    clock,
    log,
    idePath: fileURLToPath(new URL('../../../dist/ide', import.meta.url)),
    docsPath: fileURLToPath(new URL('../../../docs', import.meta.url)),
    version: '1.2.3',
    ...options,
  });
  const { url } = await api.listen();
  return { api, url, lines, release: () => release(), contexts, close: () => (release(), finish(), api.close()) };
}
