/**
 * GraphQL multipart requests (graphql-multipart-request-spec): one file at most, streamed. The
 * token and the CSRF header are checked before a byte of the body is read; the size is counted
 * here, as the multipart reader's own limit cuts a file short without an error.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { FileUpload } from 'graphql-upload-minimal';
import { AppError } from '../../../lib/error.js';
import { plural } from '../../../lib/text/plural.js';
import { FIELD_BYTES_MAX, readUploadForm } from './upload-form.js';

const CSRF_HEADERS = ['apollo-require-preflight', 'x-apollo-operation-name'] as const;

export function isMultipart(request: FastifyRequest): boolean {
  return /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '');
}

/**
 * Refuses, before the body is read, what a foreign page's form could send, and what is too large.
 * @throws AppError BAD_USER_INPUT, TOO_LARGE
 */
export function checkMultipartHeaders(request: FastifyRequest, uploadBytesMax: number): void {
  const has = CSRF_HEADERS.some((name) => typeof request.headers[name] === 'string' && request.headers[name] !== '');
  if (!has)
    throw new AppError('BAD_USER_INPUT', 'A multipart request needs the header "apollo-require-preflight: true"');
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > uploadBytesMax + 3 * FIELD_BYTES_MAX) throw tooLarge(uploadBytesMax);
}

/** Makes the routes of this scope take multipart requests: their body becomes the GraphQL operation. */
export function acceptUploads(scope: FastifyInstance): void {
  scope.addContentTypeParser('multipart/form-data', (_request, _payload, done) => {
    done(null, undefined);
  });
  scope.addHook('preHandler', async (request) => {
    if (!isMultipart(request)) return;
    request.body = await readUploadForm(request.raw);
  });
}

/**
 * The bytes of an uploaded file, as they arrive.
 * @param upload what the Upload scalar gives a resolver
 * @param bytesMax one byte more and reading fails
 * @param signal ends the reading early
 * @throws AppError TOO_LARGE, or BAD_USER_INPUT when the upload ends early or has no file
 */
export async function* openUpload(
  upload: Promise<FileUpload> | FileUpload,
  bytesMax: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const stream = (await received(upload)).createReadStream();
  const stop = (): void =>
    void stream.destroy(signal?.reason instanceof Error ? signal.reason : new Error('The upload was given up'));
  signal?.addEventListener('abort', stop, { once: true });
  let bytes = 0;
  try {
    if (signal?.aborted === true) stop();
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      'BAD_USER_INPUT',
      `The upload ended early, ${bytes === 0 ? 'before its first byte' : plural(bytes, 'after # {byte|bytes}')}: ` +
        'send the file again',
      { cause: error },
    );
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function received(upload: Promise<FileUpload> | FileUpload): Promise<FileUpload> {
  try {
    return await upload;
  } catch (error) {
    throw new AppError('BAD_USER_INPUT', 'The request has no file where "map" says there is one', { cause: error });
  }
}

function tooLarge(bytesMax: number): AppError {
  return new AppError(
    'TOO_LARGE',
    `The upload is larger than ${bytesMax} bytes: raise OVNCP_UPLOAD_BYTES_MAX or send a smaller file`,
  );
}
