/**
 * What REST takes for a command, made from what the command takes: members in snake_case, values as its answers write
 * them, in lower case, or in any other; nothing else. What comes out is the command's own input again, which the
 * command checks. The OpenAPI document is made from these forms.
 */
import { z } from 'zod';
import { coreOf, soughtOf, withSought } from '../../../service/command/input-check.js';
import { optional } from '../../../service/command/input-field.js';
import { type Spelling, spelled } from '../../../service/command/spelling.js';
import { oneOf } from './request-shape.js';
import { snakeCase } from './snake-case.js';

export const REST_SPELLING: Spelling = { member: snakeCase, value: (name) => name.toLowerCase() };

export interface FormOptions<Member extends string> {
  /** Members that come another way, such as in the address. */
  readonly without?: readonly Member[];
  /** Members that REST takes in another form, by the command's names. */
  readonly instead?: { readonly [name in Member]?: z.ZodType };
  /** Name of the form in the OpenAPI document; the command's if left out. */
  readonly id?: string;
}

type Members<Shape extends z.ZodObject> = keyof z.input<Shape> & string;

/** The form of a command's input. */
export function restForm<Shape extends z.ZodObject, Left extends Members<Shape> = never>(
  input: Shape,
  { without = [], instead = {}, id }: FormOptions<Members<Shape>> & { readonly without?: readonly Left[] } = {},
): z.ZodType<Omit<z.input<Shape>, Left>> {
  const left: ReadonlySet<string> = new Set(without);
  const others: Readonly<Record<string, z.ZodType | undefined>> = instead;
  const names = Object.keys(input.shape).filter((name) => !left.has(name));
  const members = names.map((name) => [snakeCase(name), others[name] ?? memberOf(input.shape[name] as z.ZodType)]);
  const form = z
    .strictObject(Object.fromEntries(members) as Record<string, z.ZodType>)
    .transform((given) => Object.fromEntries(names.map((name) => [name, given[snakeCase(name)]])));
  const about = { ...aboutOf(input), ...(id === undefined ? {} : { id }) };
  return withSought(form.meta(about), soughtInForm(input)) as unknown as z.ZodType<Omit<z.input<Shape>, Left>>;
}

function soughtInForm(input: z.ZodObject): Readonly<Record<string, string>> {
  const sought = Object.entries(soughtOf(input) ?? {});
  return Object.fromEntries(sought.map(([name, instead]) => [snakeCase(name), spelled(instead, REST_SPELLING)]));
}

/** A member as REST takes it. */
function memberOf(type: z.ZodType): z.ZodType {
  const core = coreOf(type);
  const isOptional = type.safeParse(undefined).success;
  const inForm = (form: z.ZodType): z.ZodType => (isOptional ? optional(form) : form);
  if (core instanceof z.ZodEnum) return inForm(lowerEnum(core)).meta(aboutOf(type));
  if (core instanceof z.ZodObject) return isOptional ? optional(restForm(core)).meta(aboutOf(type)) : restForm(core);
  return type.meta(aboutOf(type));
}

function lowerEnum({ options }: z.ZodEnum): z.ZodType {
  return oneOf(options.map((name) => String(name).toLowerCase())).transform((name) => name.toUpperCase());
}

/** What is said of a type, in the words of REST. */
function aboutOf(type: z.ZodType): Record<string, unknown> {
  const about = type.meta() ?? {};
  const { description, default: value } = about;
  return {
    ...about,
    ...(description === undefined ? {} : { description: spelled(description, REST_SPELLING) }),
    ...(typeof value === 'string' ? { default: value.toLowerCase() } : {}),
  };
}
