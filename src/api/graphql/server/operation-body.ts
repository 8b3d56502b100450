/** The body of a GraphQL request over HTTP: one operation, as JSON. What is wrong with it is told in our own words. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../../../lib/error.js';
import { withoutMark } from '../../../lib/text/byte-order-mark.js';
import { notJson } from '../../http/json-fault.js';
import { isMultipart } from '../../http/upload/upload.js';

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;
const UNSUPPORTED_MEDIA_TYPE = 415;
const EXAMPLE = '{"query": "{ databases { id } }"}';
const TYPE_CHARACTERS_MAX = 100;

/**
 * Passes what says that it is JSON, or a form. A foreign page's form can say neither without a preflight request, and a
 * form needs a header beside it (upload.ts).
 * @throws AppError BAD_USER_INPUT
 */
export function checkContentType(request: FastifyRequest): void {
  const given = request.headers['content-type'];
  if ((given !== undefined && JSON_TYPE.test(given)) || isMultipart(request)) return;
  const instead = given === undefined ? '' : ` instead of "${given.slice(0, TYPE_CHARACTERS_MAX)}"`;
  throw new AppError(
    'BAD_USER_INPUT',
    `GraphQL operations are JSON: send the header "Content-Type: application/json"${instead}, and a body ` +
      `like ${EXAMPLE}`,
    { status: UNSUPPORTED_MEDIA_TYPE },
  );
}

/** Has the routes of this scope read JSON. */
export function readJson(scope: FastifyInstance): void {
  // it also refuses members that could reach what all objects share
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = String(body);
    if (text.trim() === '') {
      done(new AppError('BAD_USER_INPUT', `The body is empty: send an object like ${EXAMPLE}`));
      return;
    }
    void parse(request, text, (error, value: unknown) => done(error === null ? null : faultOf(text, error), value));
  });
}

function faultOf(text: string, error: Error): Error {
  try {
    JSON.parse(withoutMark(text));
    return error;
  } catch (fault) {
    return notJson(fault, EXAMPLE);
  }
}

/** @throws AppError BAD_USER_INPUT where the body is no operation */
export function checkOperationBody(body: unknown): void {
  const fault = operationFault(body);
  if (fault !== undefined) throw new AppError('BAD_USER_INPUT', fault);
}

function operationFault(body: unknown): string | undefined {
  if (Array.isArray(body)) return `The body is a list: send one operation, like ${EXAMPLE}`;
  if (typeof body !== 'object' || body === null) return `The body is no object: send one like ${EXAMPLE}`;
  const { query, variables, operationName } = body as Readonly<Record<string, unknown>>;
  if (typeof query !== 'string' || query.trim() === '')
    return `The body has no operation in "query": send an object like ${EXAMPLE}`;
  if (typeof (variables ?? {}) !== 'object' || Array.isArray(variables))
    return '"variables" takes an object, such as {"id": "..."}, and not a text that holds one';
  if (typeof (operationName ?? '') !== 'string') return '"operationName" takes the name of an operation of "query"';
  return undefined;
}
