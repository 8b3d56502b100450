import type { RestoreRecord } from '../../../src/service/restore/record/restore-record.js';
import { expiredRestores, retentionLimits } from '../../../src/service/restore/record/restore-retention.js';
import { type RestoreSummary, summaryOf } from '../../../src/service/restore/record/restore-summary.js';
import { emptyResult } from '../../../src/service/restore/run/restore-result.js';
import { restoreRecord } from '../../support/restore-record.js';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const DAY_MS = 86_400_000;
const LIMITS = retentionLimits(90);

function restore(id: string, ageDays: number, changes: Partial<RestoreRecord> = {}): RestoreSummary {
  const at = new Date(NOW - ageDays * DAY_MS).toISOString();
  return summaryOf(
    restoreRecord({
      id,
      phase: 'SUCCEEDED',
      startedAt: at,
      finishedAt: at,
      result: { ...emptyResult(false, 0), success: true, steps: 1 },
      ...changes,
    }),
  );
}

const dryRun = (id: string, ageDays: number, size = 100): RestoreSummary =>
  restore(id, ageDays, { dryRun: true, changeList: { key: `restores/${id}.changes.gz`, size, digest: 'sha256:' } });

it('keeps a restore for as long as it can be undone', () => {
  expect(expiredRestores([restore('young', 89.9), restore('old', 90.1)], NOW, LIMITS)).toEqual(['old']);
});

it.each([
  ['FAILED', { phase: 'FAILED' }],
  ['CANCELLED', { phase: 'CANCELLED' }],
  ['UNDONE', { phase: 'UNDONE', undoneBy: 'other' }],
  ['one that changed nothing', { result: { ...emptyResult(false, 0), success: true, steps: 0 } }],
] as const)('keeps %s for a week', (_what, changes) => {
  expect(expiredRestores([restore('young', 6.9, changes), restore('old', 7.1, changes)], NOW, LIMITS)).toEqual(['old']);
});

it('keeps what can be undone for less than a week no longer than that either', () => {
  expect(expiredRestores([restore('failed', 2, { phase: 'FAILED' })], NOW, retentionLimits(1))).toEqual(['failed']);
});

it.each(['QUEUED', 'READING', 'PLANNING', 'APPLYING', 'RECOVERING', 'VERIFYING', 'AWAITING_CONFIRMATION'] as const)(
  'keeps one that is %s, however old',
  (phase) => {
    expect(
      expiredRestores([restore('open', 1_000, { phase }), restore('dry', 1_000, { phase, dryRun: true })], NOW, LIMITS),
    ).toEqual([]);
  },
);

it('keeps dry runs for a day, and only so many of them, the newest', () => {
  expect(expiredRestores([dryRun('young', 0.9), dryRun('old', 1.1)], NOW, LIMITS)).toEqual(['old']);
  const many = Array.from({ length: 250 }, (_, i) => dryRun(String(i), i / 1_000));
  expect(expiredRestores(many, NOW, LIMITS)).toEqual(many.slice(200).map(({ id }) => id));
});

it('keeps only so many bytes of lists of dry runs', () => {
  const large = Array.from({ length: 5 }, (_, i) => dryRun(String(i), 0.1, 100 * 1024 * 1024));
  expect(expiredRestores(large, NOW, LIMITS)).toEqual(['2', '3', '4']);
});

it('keeps only so many restores that cannot be undone', () => {
  const failed = Array.from({ length: 1_002 }, (_, i) => restore(String(i), 1, { phase: 'FAILED' }));
  expect(expiredRestores(failed, NOW, LIMITS)).toEqual(['1000', '1001']);
});
