/**
 * Carries out a command that somebody asks for: permission, trail, input, function, and one line in the audit trail,
 * written before the answer goes out.
 */
import type { z } from 'zod';
import { KeyMissing } from '../../archive/layer/encryption.js';
import type { Permission, Viewer } from '../../auth/permission.js';
import { defined } from '../../lib/defined.js';
import { problemOf } from '../../lib/error.js';
import { type AuditedReading, type Caller, type CallTarget, hasRecord, noteLine } from './call.js';
import { askedTarget, type Command, checkReach, permit } from './command.js';
import { checkInput } from './input-check.js';
import { UnknownId } from './known-ids.js';
import { Reach, type Whereabouts } from './reach.js';
import type { Spelling } from './spelling.js';
import { UnknownDatabase } from './unknown-database.js';

/** The line of a call. */
export interface CallLine {
  readonly action: string;
  readonly target?: CallTarget | undefined;
  /** OK, ACCEPTED or the code of an error. */
  readonly result: string;
  /** The work has a record of its own, which tells how it ends. */
  readonly hasBegun?: boolean;
}

/** The audit trail as one call sees it. */
export interface CallTrail {
  /** @throws AppError STORE_FULL, STORE_UNAVAILABLE while lines cannot be written */
  admit(): Promise<void>;
  /** Whether calls that only read this are to have lines. */
  keepsReading(reading: AuditedReading): boolean;
  /** Resolves when the line is durable, or could not be written. */
  record(line: CallLine): Promise<void>;
}

/** Who asks, and how. */
export interface Asking {
  readonly viewer: Viewer;
  /** Undefined where nobody knows. */
  readonly where: Whereabouts | undefined;
  readonly caller: Caller;
  readonly spelling: Spelling;
  readonly signal: AbortSignal;
  /** Undefined where none is kept. */
  readonly trail: CallTrail | undefined;
}

/**
 * @param onBegun is told what the answer will be about, where the command knows that before its end
 * @throws AppError FORBIDDEN, BAD_USER_INPUT, and what the command throws
 */
export async function perform<Service, Shape extends z.ZodObject, Answer>(
  asked: Command<Service, Shape, Answer>,
  service: Service,
  input: z.input<Shape>,
  { viewer, where, caller, spelling, signal, trail }: Asking,
  onBegun?: (answer: Answer) => void,
): Promise<Answer> {
  const { name, audit } = asked;
  let target = askedTarget(asked, (member) => memberAt(input, member));
  const know = (answer: Answer): void => {
    target = { ...target, ...defined({ ...audit?.answered?.(answer) }) };
  };
  const isKept = audit?.reading === undefined || trail?.keepsReading(audit.reading) === true;
  const record = async (result: string, isTold: boolean): Promise<void> => {
    if (audit !== undefined && isKept) await trail?.record({ action: name, target, result, hasBegun: isTold });
  };
  const may = (permission: Permission): boolean => viewer.permissions.has(permission);
  let hasBegun = false;
  const begun = (answer: Answer): void => {
    hasBegun = true;
    know(answer);
    onBegun?.(answer);
  };
  const reach = new Reach(viewer, where);
  let answer: Answer;
  try {
    permit(asked, viewer, target.dryRun === true);
    if (audit !== undefined && audit.isNeverHeldUp !== true) await trail?.admit();
    const checked = checkInput(asked, input, spelling);
    target = { ...databaseOf(asked, checked, reach), ...target };
    checkReach(asked, checked, reach);
    answer = await asked.run(service, checked, { caller, may, reach, signal, spelling, begun });
  } catch (error) {
    await record(problemOf(error).code, hasBegun || hasRecord(error));
    const told = toldOf(error, spelling, reach);
    if (audit !== undefined && isKept) noteLine(told);
    throw told;
  }
  know(answer);
  await record(audit?.result?.(answer) ?? 'OK', true);
  return answer;
}

/**
 * The same of a command whose answer is followed, step by step: nothing of it runs here.
 * @returns the input, checked
 * @throws AppError FORBIDDEN, BAD_USER_INPUT
 */
export function admitFollower<Shape extends z.ZodObject>(
  asked: Pick<Command<never, Shape, never>, 'needs' | 'dryRunNeeds' | 'touches' | 'input' | 'rules'>,
  input: unknown,
  { viewer, where, spelling }: Pick<Asking, 'viewer' | 'where' | 'spelling'>,
): z.output<Shape> {
  permit(asked, viewer);
  const checked = checkInput(asked, input, spelling);
  checkReach(asked, checked, new Reach(viewer, where));
  return checked;
}

/** For the trail: whoever is limited to the database may read of it. */
function databaseOf<Shape extends z.ZodObject>(
  { touches }: Pick<Command<never, Shape, never>, 'touches'>,
  input: z.output<Shape>,
  reach: Reach,
): CallTarget {
  return typeof touches === 'function' ? defined({ database: reach.databaseOf(touches(input)) }) : {};
}

/** In the words of whoever asks, and of what he may see. */
function toldOf(error: unknown, spelling: Spelling, reach: Reach): unknown {
  if (error instanceof KeyMissing) return error.sentIn(spelling.member('decryptionKey'));
  if (!reach.isLimited) return error;
  if (error instanceof UnknownId) return error.withoutHint();
  return error instanceof UnknownDatabase ? error.within((id) => reach.has(id)) : error;
}

/** @param path of a member, or with dots of one inside others */
function memberAt(input: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, name) =>
        typeof at === 'object' && at !== null ? (at as Readonly<Record<string, unknown>>)[name] : undefined,
      input,
    );
}
