/** What a retention policy may say, and what it means for a moment and a time zone. */
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { optional, orElse, tags } from '../command/input-field.js';

/** No calendar goes back for ever. */
const WITHIN_MAX = 'P1000Y';
const COUNT_MAX = 100_000;
const count = z.int().min(1, 'takes a whole number from 1 on').max(COUNT_MAX, `takes at most ${COUNT_MAX}`);

/** The rules that keep the newest backup of each of the newest periods. */
export const PERIOD_RULES = ['keepHourly', 'keepDaily', 'keepWeekly', 'keepMonthly', 'keepYearly'] as const;
export type PeriodRule = (typeof PERIOD_RULES)[number];

const of = (period: string): string =>
  `Of the newest so many ${period} that have a backup, the newest backup of each is kept`;

export const policyInput = z
  .object({
    keepLast: optional(count).meta({ description: 'So many of the newest backups are kept' }),
    keepHourly: optional(count).meta({ description: of('hours') }),
    keepDaily: optional(count).meta({ description: of('days') }),
    keepWeekly: optional(count).meta({ description: of('ISO weeks, which begin on Monday,') }),
    keepMonthly: optional(count).meta({ description: of('months') }),
    keepYearly: optional(count).meta({ description: of('years') }),
    keepWithin: optional(
      z
        .string()
        .refine((text) => durationOf(text) !== undefined, isNone('P14D'))
        .refine(isNotTooLong, `goes back too far: write ${WITHIN_MAX} at most`),
    ).meta({
      description: 'Backups that are not older than this are kept: a duration of ISO 8601, such as `P14D` or `P1Y6M`',
    }),
    keepTags: orElse(tags, []).meta({ description: 'Backups that have one of these tags are kept' }),
  })
  .meta({
    id: 'RetentionPolicy',
    description:
      'Which backups are kept: those that any of the rules keeps. At least one rule is needed. Rules count in each ' +
      'database and resource filter by itself, and imported backups are counted apart',
  });

export type RetentionPolicy = Partial<z.output<typeof policyInput>> & Pick<z.output<typeof policyInput>, 'keepTags'>;

/** Whether it has any rule. */
export function hasRule({ keepTags, ...others }: RetentionPolicy): boolean {
  return keepTags.length > 0 || Object.values(others).some((value) => value !== undefined);
}

export const timeZone = z.string().refine(isTimeZone, 'is not a time zone: write an IANA name, such as Europe/Berlin');

/** The first moment that is not older than the duration. @param text as checked @returns milliseconds since 1970 */
export function beginOf(text: string, now: number, zone: string): number {
  const moment = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone);
  const duration = durationOf(text);
  return duration === undefined ? now : moment.subtract(duration).epochMilliseconds;
}

/** Names the period that a moment is in, by the calendar of the zone: two moments of one period have one name. */
export function periodOf(rule: PeriodRule, moment: Temporal.ZonedDateTime): string {
  switch (rule) {
    case 'keepHourly':
      // when clocks are set back there are two hours of one name
      return `${moment.year}-${moment.dayOfYear} ${moment.hour} ${moment.offset}`;
    case 'keepDaily':
      return `${moment.year}-${moment.dayOfYear}`;
    case 'keepWeekly':
      return `${moment.yearOfWeek ?? ''}-${moment.weekOfYear ?? ''}`;
    case 'keepMonthly':
      return `${moment.year}-${moment.month}`;
    case 'keepYearly':
      return String(moment.year);
  }
}

function durationOf(text: string): Temporal.Duration | undefined {
  try {
    const duration = Temporal.Duration.from(text);
    return duration.sign > 0 ? duration : undefined;
  } catch {
    // it throws on what is none
    return undefined;
  }
}

/** @param text that may be no duration, of which nothing is said */
function isNotTooLong(text: string): boolean {
  const duration = durationOf(text);
  if (duration === undefined) return true;
  try {
    return Temporal.Duration.compare(duration, WITHIN_MAX, { relativeTo: '2000-01-01' }) <= 0;
  } catch {
    // it throws on what leads beyond its calendar
    return false;
  }
}

function isTimeZone(name: string): boolean {
  try {
    Temporal.Now.zonedDateTimeISO(name);
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

function isNone(example: string): string {
  return `is not a duration of ISO 8601: write it like ${example}`;
}
