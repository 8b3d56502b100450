/** Descriptions of arguments and input fields: each is said once, where the command declares its input. */
import type { z } from 'zod';
import { assert } from '../../../lib/assert.js';
import { OWN_SPELLING, spelled } from '../../../service/command/spelling.js';

/** What the command says of a member of its input, as an option of a field or an argument. */
export function about<Shape extends z.ZodObject>(
  input: Shape,
  member: keyof Shape['shape'] & string,
): { readonly description: string } {
  const { description } = (input.shape[member] as z.ZodType | undefined)?.meta() ?? {};
  assert(description !== undefined, `nothing is said of ${member}`);
  return { description: spelled(description, OWN_SPELLING) };
}
