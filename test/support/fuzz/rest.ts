/**
 * Requests to the REST face: every route of its OpenAPI document, with bodies, queries and headers that fit their
 * shapes, nearly fit, or do not at all.
 */
import fc from 'fast-check';
import {
  byteChanges,
  changed,
  changes,
  hostileJson,
  hostileNumber,
  hostileText,
  marked,
  withByteChanges,
} from './value.js';
import type { WireRequest } from './wire.js';

/** What is used of a JSON schema. */
interface Shape {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Shape | boolean;
  readonly items?: Shape;
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: Shape;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Shape }>> };
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Shape>> };
}

/** A request with marks for ids, keys and tokens, and how it is spoilt. */
export interface RestInput {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  /** A text with marks, or bytes. */
  readonly body: string | Uint8Array | undefined;
}

const HEADERS = [
  'X-Request-ID',
  'Range',
  'If-Range',
  'X-Decryption-Key',
  'Content-Type',
  'Accept',
  'X-Debug',
  'Origin',
  'X-Forwarded-For',
  'Accept-Encoding',
  'Cookie',
  'If-None-Match',
  'X-HTTP-Method-Override',
  'Content-Encoding',
  'Authorization',
  'Upgrade',
  'apollo-require-preflight',
];
const HEADER_VALUES = [
  'true',
  'bytes=0-',
  'bytes=0-0,1-2',
  'bytes=99999999999999999999-',
  'bytes=-0',
  'bytes=5-1',
  'items=0-1',
  'bytes=-5',
  'application/json',
  'text/plain; charset=utf-16',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'multipart/form-data; boundary=x',
  'application/json; charset=',
  ';;;',
  '*/*',
  'gzip',
  'br;q=0',
  'http://evil.example',
  'null',
  '127.0.0.1, ::1',
  '§key§',
  'wrong key',
  'Bearer ',
  'Bearer x.y.z',
  'Basic YTpi',
  'websocket',
  'h2c',
  '"sha256:0"',
  'DELETE',
  'x'.repeat(4_000),
  'a'.repeat(64),
  'a b',
  '\t',
  '\u00ff\u00fe',
];
/** Of a list: a name to an array of texts, one text, and so on. */
const QUERY_TEXTS = [
  '%00',
  '%',
  '%zz',
  '%C0%80',
  '%ED%A0%80',
  '+',
  '&&',
  '=',
  'a=b=c',
  '__proto__=1',
  '__proto__[x]=1',
  'tag[]=a',
  'limit=',
  'limit=1&limit=2',
  'x'.repeat(5_000),
];
const PATHS = [
  '/',
  '/api',
  '/api/v1',
  '/api/v1/',
  '/api/v1/backups/',
  '//api/v1/backups',
  '/api/v1/backups/../../etc/passwd',
  '/api/v1/backups/%2e%2e%2f',
  '/api/v1/backups/%00',
  '/api/v1/backups/%',
  '/api/v1/docs',
  '/api/v1/docs/../../app.js',
  '/api/v1/docs/%2e%2e/%2e%2e/package.json',
  '/metrics',
  '/healthz',
  '/readyz',
  '/graphql',
  '/API/V1/BACKUPS',
  '*',
  'http://127.0.0.1/api/v1/backups',
  'http://evil.example/api/v1/backups',
  '/api/v1/backups;x=1',
  '/api/v1/restores/%F0%9F%98%80',
  `/api/v1/backups/${'x'.repeat(300)}`,
  `/${'a/'.repeat(2_000)}`,
];
const METHODS = [
  'GET',
  'POST',
  'DELETE',
  'PUT',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'CONNECT',
  'get',
  'FOO',
];
const IDS = ['§origin0§', '§origin1§', '§origin2§', '§origin3§', '§spare§', '§restore§', '§nobody§'];
/** What mostly stands in a field of a name. */
const FITTING: Readonly<Record<string, readonly string[]>> = {
  id: IDS,
  backup_id: IDS,
  database: ['northbound', 'other'],
  name: ['fuzz'],
  switches: ['ls-a', 'ls-b'],
  routers: ['lr1'],
};

const often = <T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<T>, weight = 6): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: good, weight }, { arbitrary: bad, weight: 1 });

export class RestShapes {
  constructor(private readonly api: OpenApi) {}

  /** Any request to any route. */
  request(): fc.Arbitrary<RestInput> {
    const routes = Object.entries(this.api.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => this.route(method.toUpperCase(), path, operation)),
    );
    return fc.oneof(
      { arbitrary: fc.oneof(...routes), weight: 12 },
      {
        arbitrary: fc
          .tuple(fc.constantFrom(...METHODS), fc.constantFrom(...PATHS), headers(), bodyBytes())
          .map(([method, target, given, body]) => ({ method, target, headers: given, body })),
        weight: 1,
      },
    );
  }

  private route(method: string, path: string, { parameters = [], requestBody }: Operation): fc.Arbitrary<RestInput> {
    const shape = requestBody?.content['application/json']?.schema;
    if (requestBody?.content['multipart/form-data'] !== undefined)
      return fc.oneof(this.json(method, path, parameters, shape), forms(path));
    return this.json(method, path, parameters, shape);
  }

  private json(
    method: string,
    path: string,
    parameters: readonly Parameter[],
    shape: Shape | undefined,
  ): fc.Arbitrary<RestInput> {
    return fc
      .record({
        method: often(fc.constant(method), fc.constantFrom(...METHODS), 20),
        id: often(fc.constantFrom(...IDS), hostileText.map(percent), 8),
        query: often(
          this.query(parameters.filter((parameter) => parameter.in === 'query')),
          fc.constantFrom(...QUERY_TEXTS),
          10,
        ),
        headers: headers(),
        body: shape === undefined ? often(fc.constant(undefined), bodyBytes(), 4) : this.body(shape),
      })
      .map((made) => ({
        method: made.method,
        target: `${path.replace('{id}', made.id)}${made.query === '' ? '' : `?${made.query}`}`,
        headers: made.headers,
        body: made.body,
      }));
  }

  private query(parameters: readonly Parameter[]): fc.Arbitrary<string> {
    const one = parameters.map(({ name, schema }) =>
      fc
        .tuple(this.value(schema, name), fc.boolean())
        .map(([value, isLeftOut]) =>
          isLeftOut
            ? []
            : (Array.isArray(value) ? value : [value]).map(
                (item) => `${name}=${percent(typeof item === 'object' ? JSON.stringify(item) : String(item))}`,
              ),
        ),
    );
    return fc.tuple(...one).map((lists) => lists.flat().join('&'));
  }

  private body(shape: Shape): fc.Arbitrary<string | Uint8Array | undefined> {
    const value = this.value(shape, '');
    const json = value.map((made) => JSON.stringify(made));
    return fc.oneof(
      { arbitrary: json, weight: 8 },
      {
        arbitrary: fc.tuple(value, changes).map(([made, list]) =>
          JSON.stringify(
            changed(
              made,
              list.filter(({ kind }) => kind !== 'SWAP'),
            ),
          ),
        ),
        weight: 6,
      },
      { arbitrary: hostileJson.map((made) => JSON.stringify(made)), weight: 2 },
      {
        arbitrary: fc
          .tuple(json, byteChanges)
          .map(([text, list]) => withByteChanges(Buffer.from(text.replaceAll('§key§', 'a key')), list)),
        weight: 2,
      },
      { arbitrary: bodyBytes(), weight: 1 },
    );
  }

  /** Mostly what the shape wants. */
  private value(shape: Shape, name: string): fc.Arbitrary<unknown> {
    return often<unknown>(this.fitting(shape, name), hostileJson, 12);
  }

  private fitting(shape: Shape, name: string): fc.Arbitrary<unknown> {
    if (shape.$ref !== undefined)
      return this.fitting(this.api.components.schemas[shape.$ref.replace(/^.*\//, '')] ?? {}, name);
    if (shape.anyOf !== undefined)
      return fc.oneof(
        ...shape.anyOf.map((one, i) => ({ arbitrary: this.fitting(one, name), weight: i === 0 ? 5 : 1 })),
      );
    if (shape.enum !== undefined) return fc.constantFrom(...shape.enum);
    const [type] = typeof shape.type === 'string' ? [shape.type] : (shape.type ?? []);
    switch (type) {
      case 'object':
        return this.object(shape);
      case 'array':
        return fc.array(this.fitting(shape.items ?? {}, name), { maxLength: 3 });
      case 'string':
        if (shape.format === 'password') return often<unknown>(fc.constant('§key§'), hostileText, 3);
        return often<unknown>(
          FITTING[name] === undefined ? hostileText : fc.constantFrom(...FITTING[name]),
          hostileText,
          5,
        );
      case 'integer':
      case 'number':
        return often<unknown>(fc.integer({ min: 0, max: 10 }), hostileNumber, 2);
      case 'boolean':
        return fc.boolean();
      default:
        return fc.constant(null);
    }
  }

  private object({ properties = {}, required = [], additionalProperties }: Shape): fc.Arbitrary<unknown> {
    if (typeof additionalProperties === 'object' && Object.keys(properties).length === 0)
      return fc.dictionary(
        fc.oneof(fc.constantFrom('ls-a', 'ls-b', 'lr1'), hostileText),
        often<unknown>(fc.constantFrom('ls-b', 'since'), hostileText),
        { maxKeys: 3, noNullPrototype: true },
      );
    const members = Object.entries(properties).map(([name, shape]) => {
      // waiting for northd, which does not run here, takes a second
      const share = required.includes(name) ? 1 : name === 'sync' ? 50 : 3;
      return fc
        .tuple(this.value(shape, name), fc.nat({ max: share === 1 ? 15 : share }))
        .map(([value, pick]): [string, unknown][] => ((share === 1 ? pick !== 0 : pick === 0) ? [[name, value]] : []));
    });
    return fc.tuple(...members).map((lists) => Object.fromEntries(lists.flat()));
  }
}

function headers(): fc.Arbitrary<readonly (readonly [string, string])[]> {
  const value = fc.oneof(
    { arbitrary: fc.constantFrom(...HEADER_VALUES), weight: 5 },
    { arbitrary: hostileText.map((text) => text.slice(0, 2_000).replaceAll(/[\r\n]/g, ' ')), weight: 2 },
  );
  const name = often(
    fc.constantFrom(...HEADERS),
    fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 }),
    20,
  );
  return fc.oneof(
    { arbitrary: fc.constant([]), weight: 3 },
    { arbitrary: fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 3 }), weight: 2 },
  );
}

/** Multipart forms whose parts, and the lines between them, may be anything. */
function forms(target: string): fc.Arbitrary<RestInput> {
  const name = fc.oneof(
    { arbitrary: fc.constantFrom('file', 'name', 'format', 'tags', 'tag', 'description', 'decryption_key'), weight: 5 },
    { arbitrary: hostileText.map((text) => text.slice(0, 300)), weight: 1 },
  );
  const value = fc.oneof(
    fc.constantFrom('json', '{"format":"ovncp-backup/1"}', '{', 'OVSDB JSON 2 x'),
    hostileText,
    fc.constant('y'.repeat(70_000)),
  );
  const head = fc.oneof(
    { arbitrary: name.map((one) => `Content-Disposition: form-data; name="${one}"`), weight: 3 },
    {
      arbitrary: name.map((one) => `Content-Disposition: form-data; name="${one}"; filename="../../${one}"`),
      weight: 3,
    },
    {
      arbitrary: fc.constantFrom(
        '',
        'X\u0000Y: z',
        'Content-Disposition: form-data',
        'Content-Disposition: attachment; name=file',
        ': :',
        'x'.repeat(20_000),
        "Content-Disposition: form-data; name*=utf-8''%zz; filename*=x",
      ),
      weight: 1,
    },
  );
  const whole = fc
    .array(fc.tuple(head, value), { maxLength: 5 })
    .map((parts) => `${parts.map((part) => `--b\r\n${part.join('\r\n\r\n')}\r\n`).join('')}--b--\r\n`);
  const body = fc.oneof(
    { arbitrary: whole, weight: 3 },
    {
      arbitrary: fc.tuple(whole, byteChanges).map(([text, list]) => withByteChanges(Buffer.from(text), list)),
      weight: 1,
    },
  );
  const type = often(
    fc.constant('multipart/form-data; boundary=b'),
    fc.constantFrom(
      'multipart/form-data',
      'multipart/form-data; boundary=""',
      'multipart/form-data; boundary=B',
      `multipart/form-data; boundary=${'b'.repeat(200)}`,
    ),
    10,
  );
  return fc
    .tuple(body, type)
    .map(([made, given]) => ({ method: 'POST', target, headers: [['Content-Type', given]] as const, body: made }));
}

function bodyBytes(): fc.Arbitrary<Uint8Array | undefined> {
  return fc.oneof(fc.constant(undefined), fc.uint8Array({ maxLength: 300 }));
}

function percent(text: string): string {
  if (text.startsWith('§')) return text;
  // half of a surrogate pair cannot be written
  return encodeURIComponent(text.slice(0, 3_000).toWellFormed()).replaceAll('%C2%A7', '§');
}

/** How a request is sent: as whom, and whole or cut. */
export interface Sending {
  readonly as: 'ADMIN' | 'VIEWER' | 'NOBODY' | 'STRANGER';
  /** A share of it; 1: whole. */
  readonly share: number;
}

export const sendings: fc.Arbitrary<Sending> = fc.record({
  as: fc.oneof(
    { arbitrary: fc.constant<Sending['as']>('ADMIN'), weight: 15 },
    { arbitrary: fc.constantFrom<Sending['as']>('VIEWER', 'NOBODY', 'STRANGER'), weight: 1 },
  ),
  share: often(
    fc.constant(1),
    fc.noBias(fc.nat({ max: 99 })).map((n) => n / 100),
    40,
  ),
});

export interface Credentials {
  readonly token: string;
  readonly viewerToken: string;
  readonly ids: Readonly<Record<string, string>>;
}

/** The request with its marks replaced. */
export function wireRequestOf(
  { method, target, headers: given, body }: RestInput,
  { as, share }: Sending,
  { token, viewerToken, ids }: Credentials,
): WireRequest {
  const authorization = {
    ADMIN: `Bearer ${token}`,
    VIEWER: `Bearer ${viewerToken}`,
    NOBODY: undefined,
    STRANGER: `Bearer ${token.slice(0, -3)}abc`,
  }[as];
  const own: (readonly [string, string])[] = [
    ['Host', '127.0.0.1'],
    ['Connection', 'close'],
    ...(authorization === undefined ? [] : [['Authorization', authorization] as const]),
  ];
  const request: WireRequest = {
    method,
    target: marked(target, ids),
    headers: [...own, ...given.map(([name, value]) => [name, marked(value, ids)] as const)],
    ...(body === undefined
      ? {}
      : { body: typeof body === 'string' ? Buffer.from(marked(body, ids)) : Buffer.from(body) }),
  };
  if (share === 1) return request;
  return { ...request, cutAt: Math.floor(share * (300 + (request.body?.length ?? 0))) };
}
