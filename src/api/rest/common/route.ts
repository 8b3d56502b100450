/**
 * A route of the REST face, as data: what it takes, what it answers with, what it needs, and one function that calls
 * one method of a service. The router serves it and the OpenAPI document tells of it, both from this.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Permission, Viewer } from '../../../auth/permission.js';
import type { Log } from '../../../lib/log.js';

/** A request that has passed every check. */
export interface Call<Query, Body> {
  readonly id: string;
  readonly query: Query;
  readonly body: Body;
  readonly viewer: Viewer;
  readonly log: Log;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** An answer in JSON; what is sent otherwise the route sends itself, and answers undefined. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What is documented of an answer: a shape, or the media types of a file. */
export interface Documented {
  readonly description: string;
  readonly shape?: z.ZodType;
  readonly media?: readonly string[];
}

export type BodyKind = 'NONE' | 'JSON' | 'UPLOAD';

export interface RouteOf<Query extends z.ZodType, Body extends z.ZodType> {
  /** The operation's id; of one that changes something it is also the action in the audit trail. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly needs: readonly Permission[];
  /** Written to the audit trail. */
  readonly audited?: boolean;
  readonly query: Query;
  readonly body: Body;
  readonly bodyKind: BodyKind;
  /** Header -> what it is for. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<number, Documented>>;
  /** Codes of errors beside those that any route may answer with. */
  readonly errors: readonly string[];
  readonly handle: (call: Call<z.output<Query>, z.output<Body>>) => Promise<Answer | undefined>;
}

export type Route = RouteOf<z.ZodType, z.ZodType>;

/** A route, checked against its own shapes. */
export function route<Query extends z.ZodType, Body extends z.ZodType>(given: RouteOf<Query, Body>): Route {
  return given;
}
