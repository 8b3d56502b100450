/**
 * How much of bodies is in memory: of one request as much as its token may send, of all of them together so much, which
 * tokens share. A body is counted before it is read, and until its request has ended, as what was made of it stays that
 * long. What is passed on as it arrives, such as an uploaded file, counts for what is held of it.
 */
import { Transform } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest, RequestPayload } from 'fastify';
import type { Viewer } from '../../../auth/permission.js';
import { AppError } from '../../../lib/error.js';
import { Places } from '../../../service/job/places.js';
import { isMultipart } from '../upload/upload.js';
import { FIELD_BYTES_MAX } from '../upload/upload-form.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route reads its body as it arrives. */
    readsAsItArrives?: boolean;
  }
}

export interface BodyLimits {
  /** Of a token that may make backups: an import may come in a body. */
  readonly bodyBytesMax: number;
  /** Of all together; left out: twice that, and 64 MiB at least. */
  readonly inAllBytesMax?: number | undefined;
}

const MIB = 1024 * 1024;
/** Nothing but an import is larger. */
const WITHOUT_WRITE_BYTES_MAX = 8 * MIB;
/** Of a token that allows nothing, and of nobody. */
const WITHOUT_PERMISSION_BYTES_MAX = 64 * 1024;
const IN_ALL_BYTES_MIN = 64 * MIB;
/** Fields of a form, which are held. */
const HELD_OF_UPLOAD_BYTES = 2 * FIELD_BYTES_MAX;
const RETRY_AFTER_SECONDS = 5;

/** Has every request pass. */
export function limitBodies(fastify: FastifyInstance, { bodyBytesMax, inAllBytesMax }: BodyLimits): void {
  const bodies = new Places(inAllBytesMax ?? Math.max(IN_ALL_BYTES_MIN, 2 * bodyBytesMax));
  fastify.addHook('preParsing', async (request, reply, payload) => {
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
    if (length === undefined && coding === undefined) return payload;
    const take = holder(bodies, request, reply);
    if (isUpload(request)) {
      take(HELD_OF_UPLOAD_BYTES);
      return payload;
    }
    const limit = limitOf(request, bodyBytesMax);
    if (coding !== undefined) return counted(payload, request, { limit, take });
    const bytes = Number(length);
    checkSize(bytes, limit);
    take(bytes);
    return payload;
  });
}

function isUpload(request: FastifyRequest): boolean {
  const { routeOptions } = request;
  const { readsAsItArrives } = routeOptions.config as { readonly readsAsItArrives?: boolean };
  return readsAsItArrives === true || (routeOptions.url === '/graphql' && isMultipart(request));
}

interface Limit {
  readonly bytesMax: number;
  /** Why it is no more, and what to do. */
  readonly todo: string;
}

function limitOf({ routeOptions, scope }: FastifyRequest, bodyBytesMax: number): Limit {
  const { bodyLimit: ofRoute } = routeOptions;
  const ofToken = bytesMaxOf(scope.viewer, bodyBytesMax);
  const instead = routeOptions.url === '/graphql' ? ': send a file as an upload, which is a multipart request' : '';
  return ofRoute < ofToken
    ? { bytesMax: ofRoute, todo: 'that this address takes as JSON: send a file as a form, to be imported' }
    : {
        bytesMax: ofToken,
        todo: `that your token may send (OVNCP_BODY_BYTES_MAX, or less for a token without backups:write)${instead}`,
      };
}

function bytesMaxOf(viewer: Viewer | undefined, bodyBytesMax: number): number {
  if (viewer?.permissions.has('backups:write') === true) return bodyBytesMax;
  const most = (viewer?.permissions.size ?? 0) > 0 ? WITHOUT_WRITE_BYTES_MAX : WITHOUT_PERMISSION_BYTES_MAX;
  return Math.min(bodyBytesMax, most);
}

/** @throws AppError TOO_LARGE */
function checkSize(bytes: number, { bytesMax, todo }: Limit): void {
  if (bytes > bytesMax) throw new AppError('TOO_LARGE', `The body is larger than the ${bytesMax} bytes ${todo}`);
}

/** @returns what takes so many bytes until the request has ended, and throws RATE_LIMITED when there are none left */
function holder(bodies: Places, { scope }: FastifyRequest, reply: FastifyReply): (bytes: number) => void {
  const held: (() => void)[] = [];
  reply.raw.once('close', () => {
    for (const giveBack of held.splice(0)) giveBack();
  });
  return (bytes) => {
    const giveBack = bodies.take(scope.viewer?.subject ?? `address ${scope.address}`, bytes);
    if (giveBack === undefined)
      throw new AppError('RATE_LIMITED', 'Too many bytes of requests are being worked on: try again in a moment', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    held.push(giveBack);
  };
}

interface Counting {
  readonly limit: Limit;
  readonly take: (bytes: number) => void;
}

/** A body that does not say how long it is. */
function counted(payload: RequestPayload, { raw }: FastifyRequest, { limit, take }: Counting): RequestPayload {
  let bytes = 0;
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        bytes += chunk.length;
        checkSize(bytes, limit);
        take(chunk.length);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });
  raw.once('error', (error) => through.destroy(error));
  raw.once('close', () => {
    if (!raw.complete) through.destroy(new AppError('BAD_USER_INPUT', 'The body ended early: send it again'));
  });
  payload.pipe(through);
  return through;
}
