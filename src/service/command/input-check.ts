/** Checks what is asked for. Messages name the member, in the caller's spelling, and never hold its value. */
import { z } from 'zod';
import { mistakesError } from '../../lib/error.js';
import { nearestNames } from '../../lib/text/nearest.js';
import { andNot } from '../../lib/text/wrong-value.js';
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
  refuse(result.error.issues.flatMap((issue) => faultsOf(issue, { shape, spelling, input })));
  throw new Error('Bug: what was refused has no fault');
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw mistakesError([...new Set(faults)]);
}

/** A type without what makes it optional, or something else before or afterwards. */
export function coreOf(type: z.ZodType): z.ZodType {
  if (type instanceof z.ZodOptional || type instanceof z.ZodNullable || type instanceof z.ZodDefault)
    return coreOf(type.unwrap() as z.ZodType);
  if (!(type instanceof z.ZodPipe)) return type;
  return coreOf((type.in instanceof z.ZodTransform ? type.out : type.in) as z.ZodType);
}

interface Checking {
  readonly shape: z.ZodType;
  readonly spelling: Spelling;
  readonly input: unknown;
}

function faultsOf(issue: z.core.$ZodIssue, checking: Checking): readonly string[] {
  if (issue.code === 'unrecognized_keys') return unknownMembers(issue, checking);
  if (issue.code !== 'invalid_union') {
    const given = issue.code === 'invalid_value' ? andNot(valueAt(checking.input, issue.path)) : '';
    return [faultAt(issue.path, `${objectAt(issue, checking) ?? messageOf(issue)}${given}`, checking.spelling)];
  }
  // what is wrong in the one form that it can be meant for, or which forms there are
  const isOther = ({ code, path }: z.core.$ZodIssue): boolean => code === 'invalid_type' && path.length === 0;
  const meant = issue.errors.find((form) => !form.some(isOther));
  if (meant !== undefined)
    return meant.flatMap((each) => faultsOf({ ...each, path: [...issue.path, ...each.path] }, checking));
  const forms = issue.errors.flatMap(([first]) =>
    first?.code === 'invalid_type' ? (KINDS[first.expected] ?? first.expected) : [],
  );
  return [faultAt(issue.path, `takes ${forms.join(' or ')}`, checking.spelling)];
}

const EXAMPLES_MAX = 5;

/** What an object is to hold, where something else is given or nothing. */
function objectAt(issue: z.core.$ZodIssue, { shape, spelling, input }: Checking): string | undefined {
  const members = membersAt(shape, issue.path);
  if (issue.code !== 'invalid_type' || issue.expected !== 'object' || members.length === 0) return undefined;
  const verb = valueAt(input, issue.path) === undefined ? 'is needed:' : 'takes';
  const names = members.slice(0, EXAMPLES_MAX).map((name) => spelling.member(name));
  return `${verb} an object with members such as ${names.join(', ')}`;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, part) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[part] : undefined),
    input,
  );
}

/** Of an object: members that it does not have and that people look for there -> where to look instead. */
const soughtIn = new WeakMap<z.ZodType, Readonly<Record<string, string>>>();

/** @param sought texts as of rules: names of members in backticks */
export function withSought<T extends z.ZodType>(type: T, sought: Readonly<Record<string, string>>): T {
  soughtIn.set(coreOf(type), sought);
  return type;
}

export function soughtOf(type: z.ZodType): Readonly<Record<string, string>> | undefined {
  return soughtIn.get(coreOf(type));
}

function unknownMembers(
  { keys, path }: z.core.$ZodIssueUnrecognizedKeys,
  { shape, spelling }: Checking,
): readonly string[] {
  const place = placeOf(path, spelling);
  const members = membersAt(shape, path);
  const sought = Object.assign({}, ...typesAt(shape, path).map(soughtOf)) as Readonly<Record<string, string>>;
  return keys.slice(0, 10).map((unknown) => {
    const name = [place, unknown].filter((part) => part !== '').join('.');
    const [near] = nearestNames(unknown.slice(0, 100), members, 1);
    const elsewhere = Object.keys(sought).find((member) => spelling.member(member) === unknown);
    if (elsewhere !== undefined)
      return `"${name.slice(0, 200)}": not known here; ${spelled(sought[elsewhere] ?? '', spelling)}`;
    const help = near === undefined ? knownOf(members) : `did you mean "${near}"?`;
    return `"${name.slice(0, 200)}": not known here; ${help}`;
  });
}

function knownOf(members: readonly string[]): string {
  if (members.length === 0) return 'nothing is';
  const more = members.length > KNOWN_LISTED_MAX ? ` and ${members.length - KNOWN_LISTED_MAX} more` : '';
  return `known are ${members.slice(0, KNOWN_LISTED_MAX).join(', ')}${more}`;
}

const KNOWN_LISTED_MAX = 20;

/** What an object takes at a place of a shape. */
export function membersAt(shape: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  return typesAt(shape, path).flatMap((type) => (type instanceof z.ZodObject ? Object.keys(type.shape) : []));
}

/** What may stand at a place of a shape. */
function typesAt(shape: z.ZodType, path: readonly PropertyKey[]): readonly z.ZodType[] {
  let at = formsOf(shape);
  for (const part of path)
    at = at.flatMap((type) => {
      const inside: unknown =
        type instanceof z.ZodObject ? type.shape[String(part)] : type instanceof z.ZodArray ? type.element : undefined;
      return inside instanceof z.ZodType ? formsOf(inside) : [];
    });
  return at;
}

/** A type, or each that it may be. */
function formsOf(type: z.ZodType): readonly z.ZodType[] {
  const core = coreOf(type);
  return core instanceof z.ZodUnion ? (core.options as readonly z.ZodType[]).flatMap(formsOf) : [core];
}

function faultAt(path: readonly PropertyKey[], text: string, spelling: Spelling): string {
  const place = placeOf(path, spelling);
  return `${place === '' ? 'the body' : place}: ${spelled(text, spelling)}`;
}

function placeOf(path: readonly PropertyKey[], { member }: Spelling): string {
  return path
    .map((part) => (typeof part === 'string' ? member(part) : String(part)))
    .join('.')
    .slice(0, 200);
}

/** What JSON has, in words. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const UNQUOTED: ReadonlySet<string> = new Set(['number', 'int', 'boolean']);

/** zod's own texts quote nothing but what is expected; here they are in common words. */
function messageOf(issue: z.core.$ZodIssue): string {
  const { message } = issue;
  if (issue.code === 'invalid_value')
    return message.replace(/^Invalid option: .*$/s, `takes one of ${issue.values.map(String).join(', ')}`);
  const [, expected = '', received = ''] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
  const kind = KINDS[expected] ?? expected;
  if (received === 'undefined') return `is needed (${kind})`;
  if (received === 'string' && UNQUOTED.has(expected)) return `takes ${kind}, without quotes`;
  if (received !== '') return `takes ${kind}, and not ${KINDS[received] ?? received}`;
  return message.replace(/^Invalid input: expected /, 'takes ');
}
