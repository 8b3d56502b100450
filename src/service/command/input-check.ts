/** Checks what is asked for. Messages name the member, in the caller's spelling, and never hold its value. */
import type { z } from 'zod';
import { AppError } from '../../lib/error.js';
import { OWN_SPELLING, type Spelling, spelled } from './spelling.js';

/** What goes with what, beyond what each member takes by itself. */
export interface Rule<Input> {
  /** The member that is at fault. */
  readonly at: string;
  /** Names of members and values in backticks: see spelling.ts. */
  readonly says: string;
  readonly isKept: (input: Input) => boolean;
}

/** What a command takes. */
export interface InputShape<Shape extends z.ZodObject> {
  readonly input: Shape;
  readonly rules?: readonly Rule<z.output<Shape>>[];
}

/** @throws AppError BAD_USER_INPUT that names every member that is wrong, and every rule that is broken */
export function checkInput<Shape extends z.ZodObject>(
  { input: shape, rules = [] }: InputShape<Shape>,
  input: unknown,
  spelling: Spelling,
): z.output<Shape> {
  const checkedInput = checked(shape, input, spelling);
  const broken = rules.filter(({ isKept }) => !isKept(checkedInput));
  refuse(broken.map(({ at, says }) => faultAt([at], says, spelling)));
  return checkedInput;
}

/** @throws AppError BAD_USER_INPUT that names every member that is wrong, and what is */
export function checked<T extends z.ZodType>(shape: T, input: unknown, spelling: Spelling = OWN_SPELLING): z.output<T> {
  const result = shape.safeParse(input);
  if (result.success) return result.data;
  refuse(result.error.issues.map((issue) => faultOf(issue, spelling)));
  throw new Error('Bug: what was refused has no fault');
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new AppError('BAD_USER_INPUT', [...new Set(faults)].join('; '));
}

function faultOf(issue: z.core.$ZodIssue, spelling: Spelling): string {
  if (issue.code !== 'unrecognized_keys') return faultAt(issue.path, messageOf(issue), spelling);
  const place = placeOf(issue.path, spelling);
  const names = issue.keys.slice(0, 10).map(
    (unknown) =>
      `"${[place, unknown]
        .filter((part) => part !== '')
        .join('.')
        .slice(0, 200)}"`,
  );
  return `${names.join(', ')}: not known here`;
}

function faultAt(path: readonly PropertyKey[], text: string, spelling: Spelling): string {
  const place = placeOf(path, spelling);
  return `${place === '' ? 'the request' : place}: ${spelled(text, spelling)}`;
}

function placeOf(path: readonly PropertyKey[], { member }: Spelling): string {
  return path
    .map((part) => (typeof part === 'string' ? member(part) : String(part)))
    .join('.')
    .slice(0, 200);
}

/** zod's own texts quote nothing but what is expected. */
function messageOf({ message }: z.core.$ZodIssue): string {
  return message
    .replace('expected record', 'expected object')
    .replace(/^Invalid input: expected (.*), received undefined$/, 'is needed ($1)')
    .replace(/^Invalid input: expected /, 'takes ')
    .replace(/^Invalid option: expected one of /, 'takes one of ');
}
