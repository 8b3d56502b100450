/**
 * A route of the REST face, as data: what it takes, what it answers with, and one function that asks for a command. The
 * router serves it and the OpenAPI document tells of it, both from this.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Permission, Viewer } from '../../../auth/permission.js';
import type { Log } from '../../../lib/log.js';
import type { Command, CommandHead } from '../../../service/command/command.js';
import type { Reach } from '../../../service/command/reach.js';

/** A request that has passed every check. */
export interface Call<Query, Body> {
  readonly id: string;
  /** What stands for each `:name` in the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly viewer: Viewer;
  /** What of which databases whoever asks may see. */
  readonly reach: Reach;
  readonly log: Log;
  readonly ask: Ask;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/**
 * Asks for a command.
 * @param onBegun is told what the answer will be about, where the command knows that before its end
 */
export type Ask = <Service, Shape extends z.ZodObject, Answer>(
  command: Command<Service, Shape, Answer>,
  service: Service,
  input: z.input<Shape>,
  onBegun?: (answer: Answer) => void,
) => Promise<Answer>;

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
  /** The operation's id. */
  readonly name: string;
  /** What it asks for; without it anybody may send it. */
  readonly asks?: CommandHead;
  /** The member of the command that `:id` in the path stands for. */
  readonly idIs?: string;
  /** What `:id` in the path is, where it stands for no member of a command. */
  readonly idAbout?: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly query: Query;
  readonly body: Body;
  readonly bodyKind: BodyKind;
  /** The least body in JSON that it takes and that does no harm. BACKUP_ID stands for an id. */
  readonly bodyExample?: string;
  /** Where a passphrase belongs, where it is not taken from the header X-Decryption-Key, and would matter. */
  readonly keyGoes?: string;
  /** Header -> what it is for. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<number, Documented>>;
  /** Codes of errors beside those that any route may answer with. */
  readonly errors: readonly string[];
  /** Answers a HEAD with headers; left out, the address takes none. */
  readonly head?: (id: string) => Readonly<Record<string, string>>;
  readonly handle: (call: Call<z.output<Query>, z.output<Body>>) => Promise<Answer | undefined>;
}

export interface Route extends RouteOf<z.ZodType, z.ZodType> {
  readonly needs: readonly Permission[];
  /** Of a dry run, where that needs less. */
  readonly dryRunNeeds: readonly Permission[] | undefined;
}

/** A route, checked against its own shapes. */
export function route<Query extends z.ZodType, Body extends z.ZodType>(given: RouteOf<Query, Body>): Route {
  const any: RouteOf<z.ZodType, z.ZodType> = given;
  return { ...any, needs: given.asks?.needs ?? [], dryRunNeeds: given.asks?.dryRunNeeds };
}
