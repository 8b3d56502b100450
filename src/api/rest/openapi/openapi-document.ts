/**
 * The OpenAPI 3.1 document, made from the routes and the shapes that check their requests; GET /api/v1/openapi.json
 * serves it, to anybody: it tells nothing that the source does not.
 */
import { z } from 'zod';
import { defined } from '../../../lib/defined.js';
import { ERROR_STATUS, type ErrorCode } from '../../../lib/error.js';
import { noQuery, nothing } from '../common/request-shape.js';
import { type Route, route } from '../common/route.js';
import { errorShape } from './error-shape.js';

type Schema = Record<string, unknown>;
type Components = Record<string, unknown>;

const TITLE = 'OVN backup and restore';
const ABOUT = [
  'Backs up an OVN Northbound database and restores it without the data plane noticing. Rows keep their UUIDs, only ' +
    'what differs is sent, and a restore happens as a whole or not at all.',
  'GraphQL is at /graphql on the same address. It has subscriptions that follow a restore.',
  'A body is read as JSON, whatever its Content-Type says, unless it is a form. Unknown members are refused ' +
    'with 400, ' +
    'and the error names them. Every answer has an X-Request-ID header.',
].join('\n\n');
const TAGS = {
  Backups: 'Make, list, check, compare, download, import and delete backups',
  Rows: 'Look into backups and databases',
  Restores: 'Restore backups, and confirm, cancel or undo restores',
  Drills: 'Prove that backups can be restored',
  Jobs: 'Backups, imports, validations and drills, running or ended',
  Databases: 'The databases that this server backs up',
  Audit: 'Who did what. For admins',
  About: 'What this API is',
};
const FILE = { type: 'string', contentMediaType: 'application/octet-stream', format: 'binary' };
const REQUEST_ID = { description: 'Id of the request, to find it in the log', schema: { type: 'string' } };
/** What any route may answer with. */
const COMMON: readonly ErrorCode[] = ['BAD_USER_INPUT', 'RATE_LIMITED', 'SHUTTING_DOWN', 'INTERNAL'];

/** The route that serves the document of these routes and itself. */
export function openApiRoute(routes: readonly Route[], version: string): Route {
  // made when it is first asked for: it would be a fifth of the time that a start takes
  let document: Schema | undefined;
  const own: Route = route({
    name: 'getOpenApi',
    method: 'GET',
    path: '/api/v1/openapi.json',
    tag: 'About',
    query: noQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'This document',
    answers: { 200: { description: 'OpenAPI 3.1', media: ['application/json'] } },
    errors: [],
    handle: async () => ({ status: 200, body: (document ??= openApiDocument([...routes, own], version)) }),
  });
  return own;
}

export function openApiDocument(routes: readonly Route[], version: string): Schema {
  const components: Components = {};
  const paths: Record<string, Record<string, unknown>> = {};
  for (const each of routes) {
    const path = each.path.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[each.method.toLowerCase()] = operationOf(each, components);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: TITLE,
      version,
      summary: 'Backup and restore of OVN Northbound databases',
      description: ABOUT,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            'A token of this server, or a JWT with `permissions`, `scope` or `roles`: the token alone, as the word ' +
            'Bearer is added by itself',
        },
      },
    },
  };
}

function operationOf(each: Route, components: Components): Schema {
  const { name, tag, summary, description, needs, dryRunNeeds, body, bodyKind } = each;
  const ofDryRun = dryRunNeeds === undefined ? '' : ` A dry run needs ${permissionsOf(dryRunNeeds)} only.`;
  const permission = needs.length === 0 ? 'Needs no token.' : `Needs ${permissionsOf(needs)}.${ofDryRun}`;
  return {
    operationId: name,
    tags: [tag],
    summary,
    description: description === undefined ? permission : `${description}\n\n${permission}`,
    ...(needs.length === 0 ? { security: [] } : {}),
    parameters: parametersOf(each, components),
    ...(bodyKind === 'NONE' || body === nothing
      ? {}
      : {
          requestBody:
            bodyKind === 'UPLOAD'
              ? uploadOf(each, components)
              : {
                  required: isNeeded(body),
                  content: {
                    'application/json': { schema: schemaOf(body, 'input', components), ...exampleOf(each) },
                  },
                },
        }),
    responses: responsesOf(each, components),
  };
}

function permissionsOf(needs: readonly string[]): string {
  return needs.map((one) => `\`${one}\``).join(' and ');
}

function parametersOf(each: Route, components: Components): readonly Schema[] {
  const { path, query, headers = {} } = each;
  const { properties = {}, required = [] } = schemaOf(query, 'input', components) as {
    properties?: Record<string, Schema>;
    required?: readonly string[];
  };
  return [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
      name,
      in: 'path',
      required: true,
      ...defined({ description: parameterAbout(each, name) }),
      schema: { type: 'string' },
    })),
    ...Object.entries(properties).map(([name, { description, ...schema }]) => ({
      name,
      in: 'query',
      required: required.includes(name),
      ...defined({ description }),
      schema: plain(schema),
    })),
    ...Object.entries(headers).map(([name, description]) => ({
      name,
      in: 'header',
      required: false,
      description,
      schema: { type: 'string' },
    })),
  ];
}

/** What `:id`, or a member of the command, in the path is. */
function parameterAbout({ asks, idIs = '', idAbout: told }: Route, name: string): string | undefined {
  const about = (asks?.input.shape[name === 'id' ? idIs : name] as z.ZodType | undefined)?.meta()?.description;
  return name === 'id' ? (told ?? about) : about;
}

/** A parameter that is read from text is told as what it means. */
function plain({ type, anyOf, items, ...rest }: Schema): Schema {
  if (type === 'array') return { type, items };
  return {
    ...defined({ type, anyOf }),
    ...(type === 'integer' ? { ...rest, pattern: undefined } : rest),
  };
}

/** What the page fills in: without it a value for every member, some of which exclude others. */
function exampleOf({ bodyExample }: Route): Schema {
  return bodyExample === undefined ? {} : { example: JSON.parse(bodyExample) as unknown };
}

/** The page of the documentation fills in a value for each field of a form that has no example. */
function emptyExamples(fields: Readonly<Record<string, Schema>>): Record<string, Schema> {
  const emptyOf = ({ anyOf = [], type }: Schema): unknown =>
    [type, ...(anyOf as readonly Schema[]).map((form) => form['type'])].includes('array') ? [] : '';
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, { ...field, example: emptyOf(field) }]),
  );
}

function uploadOf(each: Route, components: Components): Schema {
  const form = schemaOf(each.body, 'input', components);
  const fields = (components['ImportBackup'] as { properties?: Record<string, Schema> } | undefined)?.properties ?? {};
  const { data: _data, ...others } = fields;
  return {
    required: true,
    content: {
      'multipart/form-data': {
        schema: {
          type: 'object',
          properties: {
            ...emptyExamples(others),
            file: { description: 'The file', ...FILE },
          },
          required: ['file'],
        },
      },
      'application/json': { schema: form, ...exampleOf(each) },
      'application/octet-stream': {
        schema: FILE,
      },
    },
  };
}

function responsesOf({ answers, errors, needs, path }: Route, components: Components): Schema {
  const responses: Record<string, unknown> = {};
  for (const [status, { description, shape, media }] of Object.entries(answers)) {
    const content =
      shape === undefined
        ? Object.fromEntries(
            (media ?? ['application/json']).map((type) => [
              type,
              type === 'application/json' ? {} : { schema: { type: 'string', format: 'binary' } },
            ]),
          )
        : { 'application/json': { schema: schemaOf(shape, 'output', components) } };
    responses[status] = { description, headers: { 'X-Request-ID': REQUEST_ID }, content };
  }
  const codes = new Set([
    ...COMMON,
    ...(needs.length === 0 ? [] : (['UNAUTHENTICATED', 'FORBIDDEN'] as const)),
    ...(path.includes(':id') ? (['NOT_FOUND'] as const) : []),
    ...errors,
  ]) as ReadonlySet<ErrorCode>;
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) byStatus.set(ERROR_STATUS[code], [...(byStatus.get(ERROR_STATUS[code]) ?? []), code]);
  for (const [status, list] of [...byStatus].sort(([a], [b]) => a - b)) {
    responses[String(status)] = {
      description: list.join(', '),
      content: { 'application/json': { schema: schemaOf(errorShape, 'output', components) } },
    };
  }
  return responses;
}

/** JSON Schema of a shape; shapes that have a name go into the components. */
function schemaOf(shape: z.ZodType, io: 'input' | 'output', components: Components): Schema {
  const {
    $schema: _dialect,
    $defs = {},
    ...schema
  } = z.toJSONSchema(shape, { io, target: 'draft-2020-12', unrepresentable: 'any' }) as Schema & {
    $defs?: Record<string, unknown>;
  };
  const hoisted = rebased({ schema, $defs }) as { schema: Schema; $defs: Components };
  Object.assign(components, hoisted.$defs);
  const { id, ...rest } = hoisted.schema;
  if (typeof id !== 'string') return rest;
  components[id] = rest;
  return { $ref: `#/components/schemas/${id}` };
}

/**
 * References as the document has them, and without what says nothing: a pattern beside a format, a bound that is
 * JavaScript's.
 */
function rebased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rebased);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(
    ([key, member]) =>
      !(key === 'pattern' && 'format' in value) && !(key === 'maximum' && member === Number.MAX_SAFE_INTEGER),
  );
  return Object.fromEntries(
    members.map(([key, member]) => [
      key,
      key === '$ref' && typeof member === 'string'
        ? member.replace('#/$defs/', '#/components/schemas/')
        : rebased(member),
    ]),
  );
}

function isNeeded(body: z.ZodType): boolean {
  return !body.safeParse({}).success;
}
