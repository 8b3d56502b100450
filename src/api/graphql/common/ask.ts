/** Asking for a command from a resolver. GraphQL spells members and values as the commands do, but for some ids. */
import type { z } from 'zod';
import type { Command } from '../../../service/command/command.js';
import { admitFollower, perform } from '../../../service/command/perform.js';
import { OWN_SPELLING, renamed } from '../../../service/command/spelling.js';
import { askingOf } from '../../http/asking.js';
import type { ApiContext } from '../../http/request-context.js';

/**
 * @param names member of the command -> argument of the field, where they differ
 * @throws AppError FORBIDDEN, BAD_USER_INPUT, and what the command throws
 */
export function ask<Service, Shape extends z.ZodObject, Answer>(
  { scope, viewer, requestSignal: signal }: ApiContext,
  command: Command<Service, Shape, Answer>,
  service: Service,
  input: z.input<Shape>,
  names: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return perform(command, service, input, askingOf({ scope, viewer, signal, spelling: renamed(OWN_SPELLING, names) }));
}

/**
 * Whether somebody may follow what a command would answer with, step by step.
 * @returns the arguments, checked
 * @throws AppError FORBIDDEN, BAD_USER_INPUT
 */
export function follow<Service, Shape extends z.ZodObject, Answer>(
  { viewer, scope: { where } }: ApiContext,
  command: Command<Service, Shape, Answer>,
  args: unknown,
  names: Readonly<Record<string, string>> = {},
): z.output<Shape> {
  return admitFollower(command, args, { viewer, where, spelling: renamed(OWN_SPELLING, names) });
}
