/**
 * A command: something that a face can ask a service for, declared once, beside the service. GraphQL and REST map their
 * own spelling to its input (spelling.ts) and know no rule of their own: what it takes, who may ask for it, what the
 * audit trail says of it and what it does is said here.
 */
import type { z } from 'zod';
import { type Permission, requirePermissions, type Viewer } from '../../auth/permission.js';
import { AppError } from '../../lib/error.js';
import type { AuditedReading, Caller, CallTarget } from './call.js';
import type { InputShape } from './input-check.js';
import type { Reach, Touched } from './reach.js';
import type { Spelling } from './spelling.js';

/** What a command is told besides its input. */
export interface Call<Answer> {
  readonly caller: Caller;
  /** For what of the answer only some may see. */
  readonly may: (permission: Permission) => boolean;
  /** What of which databases may be seen. */
  readonly reach: Reach;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** For what is checked only while the command runs. */
  readonly spelling: Spelling;
  /** Tells what the answer will be about, as soon as that is known: it is in the trail also where the rest fails. */
  readonly begun: (answer: Answer) => void;
}

/** What the audit trail says of a command. */
export interface CommandAudit<Answer> {
  /** What is asked for: of each part of the target the member of the input that names it, with dots inside others. */
  readonly asked: { readonly [part in keyof CallTarget]?: string };
  /** Of what only reads content: the trail has lines of it where it is to keep that kind. */
  readonly reading?: AuditedReading;
  /** What came of it. */
  readonly answered?: (answer: Answer) => CallTarget;
  /** OK if left out; ACCEPTED for what has only begun, or the code of an error that the answer tells. */
  readonly result?: (answer: Answer) => string;
  /**
   * Goes on while the trail cannot be written: what changes nothing, what stops something, and what frees the space
   * that the trail may lack. Its line is kept in memory meanwhile.
   */
  readonly isNeverHeldUp?: boolean;
}

/**
 * What of the databases a command is about, which decides whether a token that is limited to some of them may ask for
 * it. NONE: nothing of any, or only what was decided on before. ALL: all of them, so that no limited token may. IN_RUN:
 * what is known only then, or lists: `run` keeps to what `reach` allows. Else what the input names.
 */
export type Touches<Input> = 'NONE' | 'ALL' | 'IN_RUN' | ((input: Input) => readonly Touched[]);

export interface Command<Service, Shape extends z.ZodObject, Answer> extends InputShape<Shape> {
  /** Also the action in the audit trail. */
  readonly name: string;
  readonly needs: readonly Permission[];
  /** What a dry run needs, where that is less: `audit.asked.dryRun` names the member that asks for one. */
  readonly dryRunNeeds?: readonly Permission[];
  readonly touches: Touches<z.output<Shape>>;
  /** Of what changes something, costs much or reads content: every call of it has a line in the trail. */
  readonly audit?: CommandAudit<Answer>;
  readonly run: (service: Service, input: z.output<Shape>, call: Call<Answer>) => Answer | Promise<Answer>;
}

/** Any command, for what looks at its declaration alone. */
export type CommandHead = Pick<Command<never, z.ZodObject, never>, 'name' | 'needs' | 'dryRunNeeds' | 'input'> & {
  readonly audit?: Pick<CommandAudit<never>, 'asked' | 'reading'>;
};

/** A command, checked against its own shape. */
export function command<Service, Shape extends z.ZodObject, Answer>(
  declared: Command<Service, Shape, Answer>,
): Command<Service, Shape, Answer> {
  return declared;
}

/** Passes when the viewer may ask for the command. @throws AppError FORBIDDEN */
export function permit(
  { needs, dryRunNeeds }: Pick<CommandHead, 'needs' | 'dryRunNeeds'>,
  viewer: Viewer,
  isDryRun = false,
): void {
  try {
    requirePermissions(viewer, ...(isDryRun ? (dryRunNeeds ?? needs) : needs));
  } catch (error) {
    if (isDryRun || dryRunNeeds === undefined || !(error instanceof AppError)) throw error;
    throw new AppError(error.code, `${error.message}. A dry run needs ${dryRunNeeds.join(' and ')} only`);
  }
}

/**
 * Passes when the token is not limited to other databases than the command is about.
 * @param input checked
 * @throws AppError FORBIDDEN
 */
export function checkReach<Shape extends z.ZodObject>(
  { touches }: Pick<Command<never, Shape, never>, 'touches'>,
  input: z.output<Shape>,
  reach: Reach,
): void {
  if (touches === 'ALL') reach.checkAll();
  else if (typeof touches === 'function') reach.check(touches(input));
}

/**
 * What a call asks for, of input that need not have passed any check: there may be keys and documents in it, so only
 * what the command names is taken.
 */
export function askedTarget({ audit }: Pick<CommandHead, 'audit'>, given: (member: string) => unknown): CallTarget {
  const asked: Record<string, string | true> = {};
  for (const [part, member] of Object.entries(audit?.asked ?? {})) {
    const value = given(member);
    if (part === 'dryRun' ? value === true : typeof value === 'string') asked[part] = value as string | true;
  }
  return asked;
}
