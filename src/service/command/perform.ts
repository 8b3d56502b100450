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
import { askedTarget, type Command, permit } from './command.js';
import { checkInput } from './input-check.js';
import type { Spelling } from './spelling.js';

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
  { viewer, caller, spelling, signal, trail }: Asking,
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
  let answer: Answer;
  try {
    permit(asked, viewer, target.dryRun === true);
    if (audit !== undefined && audit.isNeverHeldUp !== true) await trail?.admit();
    answer = await asked.run(service, checkInput(asked, input, spelling), { caller, may, signal, spelling, begun });
  } catch (error) {
    await record(problemOf(error).code, hasBegun || hasRecord(error));
    const told = error instanceof KeyMissing ? error.sentIn(spelling.member('decryptionKey')) : error;
    if (audit !== undefined && isKept) noteLine(told);
    throw told;
  }
  know(answer);
  await record(audit?.result?.(answer) ?? 'OK', true);
  return answer;
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
