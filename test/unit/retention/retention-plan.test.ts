/** What a retention policy keeps: cases by hand, and laws over random backups and policies with rules written anew. */
import {
  planRetention,
  type RetainedBackup,
  type RetentionPlan,
} from '../../../src/service/retention/retention-plan.js';
import {
  PERIOD_RULES,
  type PeriodRule,
  type RetentionPolicy,
} from '../../../src/service/retention/retention-policy.js';
import { lawRuns } from '../../support/law-runs.js';
import { randomOf } from '../../support/random.js';

const ZONE = 'Europe/Berlin';
const DAY = 86_400_000;

const at = (time: string): number => Date.parse(time);
let number = 0;
function backup(time: string, more: Partial<RetainedBackup> = {}): RetainedBackup {
  const id = more.id ?? `b${number++}`;
  return {
    ...{ id, name: `name of ${id}`, createdAt: at(time), group: 'g', database: 'd', tags: [], isPinned: false },
    ...{ isDamaged: false, isVerified: false, isInUse: false, isMeant: true },
    ...more,
  };
}
const plan = (
  backups: readonly RetainedBackup[],
  policy: Partial<RetentionPolicy>,
  { now = at('2026-12-01T00:00:00Z'), timeZone = ZONE } = {},
): RetentionPlan => planRetention(backups, { keepTags: [], ...policy }, { now, timeZone });
const reasonsOf = ({ kept }: RetentionPlan): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(kept.map(({ id, reasons }) => [id, reasons]));

describe('a policy', () => {
  it('keeps the newest of each day in its zone, and says which it is', () => {
    const made = ['2026-03-01T22:30:00Z', '2026-03-01T23:30:00Z', '2026-03-02T12:00:00Z', '2026-02-27T12:00:00Z'];
    const [late, midnight, noon, before] = made.map((time, i) => backup(time, { id: `d${i}` }));
    const all = [late, midnight, noon, before] as readonly RetainedBackup[];
    // 23:30 UTC is the next day in Berlin
    expect(plan(all, { keepDaily: 2 })).toEqual({
      kept: [
        { id: 'd2', reasons: ['newest', 'daily 1 of 2'] },
        { id: 'd0', reasons: ['daily 2 of 2'] },
      ],
      expired: ['d1', 'd3'],
    });
    expect(plan(all, { keepDaily: 2 }, { timeZone: 'UTC' }).kept.map(({ id }) => id)).toEqual(['d2', 'd1']);
  });

  it('tells apart the two hours of one name when clocks are set back, and knows the week of the year', () => {
    const first = backup('2026-10-25T00:30:00Z', { id: 'summer' });
    const second = backup('2026-10-25T01:30:00Z', { id: 'winter' });
    expect(reasonsOf(plan([first, second], { keepHourly: 2 }))).toEqual({
      winter: ['newest', 'hourly 1 of 2'],
      summer: ['hourly 2 of 2'],
    });
    // 2026-12-31 is a Thursday: 2027-01-03 belongs to week 53 of 2026
    const sunday = backup('2027-01-03T12:00:00Z', { id: 'sunday' });
    const monday = backup('2027-01-04T12:00:00Z', { id: 'monday' });
    const eve = backup('2026-12-31T12:00:00Z', { id: 'eve' });
    const now = at('2027-02-01T00:00:00Z');
    expect(reasonsOf(plan([sunday, monday, eve], { keepWeekly: 5 }, { now }))).toEqual({
      monday: ['newest', 'weekly 1 of 5'],
      sunday: ['weekly 2 of 5'],
    });
  });

  it('keeps by age with the calendar, by tags, and what is pinned or in use, whatever else it says', () => {
    const all = [
      backup('2026-11-30T00:00:00Z', { id: 'new' }),
      backup('2026-11-01T00:00:00Z', { id: 'month' }),
      backup('2026-10-31T22:00:00Z', { id: 'older' }),
      backup('2020-01-01T00:00:00Z', { id: 'tagged', tags: ['before the move'] }),
      backup('2020-01-02T00:00:00Z', { id: 'pinned', isPinned: true }),
      backup('2020-01-03T00:00:00Z', { id: 'read', isInUse: true }),
    ];
    const { kept, expired } = plan(all, { keepWithin: 'P1M', keepTags: ['before the move', 'other'] });
    expect(expired).toEqual(['older']);
    expect(Object.fromEntries(kept.map(({ id, reasons }) => [id, reasons]))).toEqual({
      new: ['newest', 'within P1M'],
      month: ['within P1M'],
      tagged: ['tag "before the move"'],
      pinned: ['pinned'],
      read: ['in use'],
    });
  });

  it('counts no damaged one, and keeps the newest good one and the newest verified one', () => {
    const all = [
      backup('2026-11-30T00:00:00Z', { id: 'rotten', isDamaged: true }),
      backup('2026-11-29T00:00:00Z', { id: 'good' }),
      backup('2026-11-28T00:00:00Z', { id: 'good too' }),
      backup('2026-11-27T00:00:00Z', { id: 'verified', isVerified: true }),
    ];
    expect(plan(all, { keepLast: 1 })).toEqual({
      kept: [
        { id: 'good', reasons: ['newest', 'last 1 of 1'] },
        { id: 'verified', reasons: ['newest that was verified'] },
      ],
      expired: ['rotten', 'good too'],
    });
  });

  it('keeps what a kept one builds on, also of one that is not meant, and lists children first', () => {
    const all = [
      backup('2026-11-01T00:00:00Z', { id: 'full' }),
      backup('2026-11-02T00:00:00Z', { id: 'one', parentId: 'full' }),
      backup('2026-11-03T00:00:00Z', { id: 'two', parentId: 'one' }),
      backup('2026-11-04T00:00:00Z', { id: 'three', parentId: 'two' }),
      backup('2026-11-05T00:00:00Z', { id: 'next' }),
    ];
    expect(plan(all, { keepLast: 1 }).expired).toEqual(['three', 'two', 'one', 'full']);
    expect(plan(all, { keepLast: 3 })).toEqual({
      kept: [
        { id: 'next', reasons: ['newest', 'last 1 of 3'] },
        { id: 'three', reasons: ['last 2 of 3'] },
        { id: 'two', reasons: ['last 3 of 3', 'parent of "name of three" (three)'] },
        { id: 'one', reasons: ['parent of "name of two" (two)'] },
        { id: 'full', reasons: ['parent of "name of one" (one)'] },
      ],
      expired: [],
    });
    const others = all.map((each) => (each.id === 'two' ? { ...each, isMeant: false } : each));
    expect(plan(others, { keepLast: 1 }).expired).toEqual(['three']);
  });

  it('counts none that says it was made after now, and keeps it with what it builds on', () => {
    const all = [
      backup('2027-11-30T00:00:00Z', { id: 'future', parentId: 'base', tags: ['t'], isVerified: true }),
      backup('2027-11-29T00:00:00Z', { id: 'rotten', isDamaged: true }),
      backup('2026-11-30T00:00:00Z', { id: 'good' }),
      backup('2026-11-29T00:00:00Z', { id: 'base' }),
      backup('2026-11-28T00:00:00Z', { id: 'old' }),
    ];
    const made = plan(all, { keepLast: 1, keepYearly: 1, keepWithin: 'P1D', keepTags: ['t'] });
    expect(made.expired).toEqual(['old']);
    expect(reasonsOf(made)).toEqual({
      future: ['from the future'],
      rotten: ['from the future'],
      good: ['newest', 'last 1 of 1', 'yearly 1 of 1', 'within P1D'],
      base: ['parent of "name of future" (future)'],
    });
  });

  it('does not name a backup of another database that builds on one', () => {
    const all = [
      backup('2026-11-30T00:00:00Z', { id: 'child', group: 'h', database: 'other', parentId: 'full' }),
      backup('2026-11-29T00:00:00Z', { id: 'new' }),
      backup('2026-11-28T00:00:00Z', { id: 'full' }),
    ];
    expect(reasonsOf(plan(all, { keepLast: 1 }))).toMatchObject({ full: ['parent of a backup of another database'] });
  });

  it('comes to an end where manifests lead round in a circle', () => {
    const all = [
      backup('2026-11-01T00:00:00Z', { id: 'a', parentId: 'b' }),
      backup('2026-11-02T00:00:00Z', { id: 'b', parentId: 'a' }),
      backup('2026-11-03T00:00:00Z', { id: 'new' }),
    ];
    expect([...plan(all, { keepLast: 1 }).expired].sort()).toEqual(['a', 'b']);
    expect(plan(all, { keepLast: 2 }).expired).toEqual([]);
  });
});

describe('of random backups and policies', () => {
  const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'];
  const RUNS = lawRuns(200);

  function history(random: () => number): readonly RetainedBackup[] {
    const whole = (most: number): number => Math.floor(random() * most);
    const begin = at('2026-01-01T00:00:00Z') + whole(300) * DAY;
    const steps = [600_000, 3_600_000, DAY, 9 * DAY, 40 * DAY];
    const step = steps[whole(steps.length)] as number;
    const made: RetainedBackup[] = [];
    for (let i = 0; i < whole(60); i++) {
      const parent = random() < 0.4 ? made[whole(made.length)] : undefined;
      made.push({
        id: `b${i}`,
        name: `n${i}`,
        // now and then a clock goes back
        createdAt: begin + Math.floor((i + random() * (random() < 0.1 ? -3 : 1)) * step),
        group: `g${whole(3)}`,
        database: 'd',
        tags: random() < 0.1 ? ['kept'] : [],
        isPinned: random() < 0.03,
        isDamaged: random() < 0.1,
        isVerified: random() < 0.2,
        isInUse: random() < 0.02,
        isMeant: random() < 0.9,
        ...(parent === undefined ? {} : { parentId: parent.id }),
      });
    }
    return made;
  }

  function policyOf(random: () => number): RetentionPolicy {
    const some = (most: number): number | undefined => (random() < 0.4 ? 1 + Math.floor(random() * most) : undefined);
    const [keepLast, keepHourly, keepDaily] = [some(10), some(30), some(14)];
    const [keepWeekly, keepMonthly, keepYearly] = [some(8), some(14), some(3)];
    const keepWithin = random() < 0.3 ? ['PT36H', 'P10D', 'P2M', 'P1Y'][Math.floor(random() * 4)] : undefined;
    const keepTags = random() < 0.3 ? ['kept'] : [];
    return { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly, keepWithin, keepTags };
  }

  /** The calendar by Intl, and the rules by what they say: another way than the plan's. */
  class Oracle {
    private readonly formats = new Map<string, Intl.DateTimeFormat>();

    period(rule: PeriodRule, time: number, timeZone: string): string {
      const parts = Object.fromEntries(
        this.format(timeZone)
          .formatToParts(time)
          .map(({ type, value }) => [type, value]),
      );
      const { year, month, day, hour, timeZoneName } = parts;
      const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
      // the week belongs to the year of its Thursday
      const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * DAY);
      const names: Readonly<Record<PeriodRule, string>> = {
        keepHourly: `${year}-${month}-${day}T${hour}${timeZoneName}`,
        keepDaily: `${year}-${month}-${day}`,
        keepWeekly: thursday.toISOString().slice(0, 10),
        keepMonthly: `${year}-${month}`,
        keepYearly: `${year}`,
      };
      return names[rule];
    }

    kept(all: readonly RetainedBackup[], policy: RetentionPolicy, now: number, timeZone: string): ReadonlySet<string> {
      const stays = new Set(
        all
          .filter((each) => !each.isMeant || each.isPinned || each.isInUse || each.createdAt > now)
          .map(({ id }) => id),
      );
      for (const group of new Set(all.map(({ group: name }) => name))) {
        const good = all
          .filter((each) => each.group === group && each.isMeant && !each.isDamaged && each.createdAt <= now)
          .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
        const [newest] = good;
        const verified = good.find(({ isVerified }) => isVerified);
        for (const one of [newest, verified]) if (one !== undefined) stays.add(one.id);
        good.forEach(({ id, tags }, i) => {
          if (i < (policy.keepLast ?? 0) || policy.keepTags.some((tag) => tags.includes(tag))) stays.add(id);
        });
        for (const rule of PERIOD_RULES) {
          const firsts = new Map<string, string>();
          for (const { id, createdAt } of good) {
            const period = this.period(rule, createdAt, timeZone);
            if (!firsts.has(period)) firsts.set(period, id);
          }
          for (const id of [...firsts.values()].slice(0, policy[rule] ?? 0)) stays.add(id);
        }
        const age =
          policy.keepWithin === undefined ? 0 : { PT36H: 1.5, P10D: 10, P2M: NaN, P1Y: NaN }[policy.keepWithin];
        // months and years are left to the cases by hand
        if (age !== undefined && age > 0 && timeZone === 'UTC')
          for (const { id, createdAt } of good) if (createdAt >= now - age * DAY) stays.add(id);
      }
      for (let before = -1; before !== stays.size; ) {
        before = stays.size;
        for (const { id, parentId } of all)
          if (parentId !== undefined && stays.has(id) && all.some((each) => each.id === parentId)) stays.add(parentId);
      }
      return stays;
    }

    private format(timeZone: string): Intl.DateTimeFormat {
      const known = this.formats.get(timeZone);
      if (known !== undefined) return known;
      const two = '2-digit';
      const format = new Intl.DateTimeFormat('en-CA', {
        ...{ timeZone, year: 'numeric', month: two, day: two, hour: two, hourCycle: 'h23', timeZoneName: 'longOffset' },
      });
      this.formats.set(timeZone, format);
      return format;
    }
  }

  it('keeps what the rules say, nothing less, and nothing that another rule would take away', () => {
    const oracle = new Oracle();
    let expiredInAll = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const random = randomOf(seed);
      const all = history(random);
      const policy = policyOf(random);
      const timeZone = ZONES[Math.floor(random() * ZONES.length)] as string;
      const newest = Math.max(0, ...all.map(({ createdAt }) => createdAt));
      // now and then a clock was ahead when some of them were made
      const now = random() < 0.2 ? (all[Math.floor(random() * all.length)]?.createdAt ?? newest) : newest + 1;
      const { kept, expired } = planRetention(all, policy, { now, timeZone });
      const meant = all.filter(({ isMeant }) => isMeant).map(({ id }) => id);
      expect([...kept.map(({ id }) => id), ...expired].sort()).toEqual(meant.sort());
      const isExact =
        policy.keepWithin === undefined || (timeZone === 'UTC' && /^PT36H$|^P10D$/.test(policy.keepWithin));
      const told = oracle.kept(all, policy, now, timeZone);
      if (isExact)
        expect({ seed, kept: kept.map(({ id }) => id).sort() }).toEqual({
          seed,
          kept: meant.filter((id) => told.has(id)),
        });
      else expect(expired.filter((id) => told.has(id))).toEqual([]);
      for (const { reasons } of kept) expect(reasons.length).toBeGreaterThan(0);
      // children go first, and nothing that stays builds on what goes
      const gone = new Set<string>();
      for (const id of expired) {
        expect(all.filter(({ parentId, id: child }) => parentId === id && !gone.has(child))).toEqual([]);
        gone.add(id);
      }
      expiredInAll += expired.length;
      for (const rule of ['keepLast', ...PERIOD_RULES] as const) {
        const more = planRetention(all, { ...policy, [rule]: (policy[rule] ?? 0) + 1 }, { now, timeZone });
        expect(more.expired.filter((id) => !gone.has(id))).toEqual([]);
      }
    }
    expect(expiredInAll).toBeGreaterThan(RUNS);
  });
});
