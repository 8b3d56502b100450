// Numbers to table: medians, ratios, and whether the targets are met.

/** What is asked for, at TARGET_ROWS rows. */
export const TARGET_ROWS = 100_000;
export const TARGETS = { backup: 0.68, restore: 0.65, peakMb: 350, p99Ms: 100 };

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Smallest value that at least the share of all values does not exceed. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/**
 * One operation at one size. `ours`: what BackupServer.measure answered, one per run; `theirs`: milliseconds,
 * run by run beside it; `watched`: one more run of ours, with another client's waits. The peak is the largest of all.
 */
export function summarise({ rows, operation, ours, theirs, watched }) {
  const times = ours.map(({ ms }) => ms);
  const { waits } = watched;
  return {
    rows,
    operation,
    oursMs: times,
    theirsMs: theirs,
    ratio: median(times) / median(theirs),
    pairRatio: median(times.map((ms, run) => ms / theirs[run])),
    peakMb: Math.max(...[...ours, watched].map(({ peakBytes }) => peakBytes)) / 2 ** 20,
    p99Ms: percentile(waits, 0.99),
    maxMs: Math.max(...waits),
    answers: waits.length,
  };
}

const seconds = (list) =>
  `${(median(list) / 1000).toFixed(2)} ` +
  `(${(Math.min(...list) / 1000).toFixed(2)}-${(Math.max(...list) / 1000).toFixed(2)})`;

const COLUMNS = [
  ['rows', ({ rows }) => String(rows)],
  ['operation', ({ operation }) => operation],
  ['ours s', ({ oursMs }) => seconds(oursMs)],
  ['theirs s', ({ theirsMs }) => seconds(theirsMs)],
  ['ratio', ({ ratio }) => ratio.toFixed(2)],
  ['of pairs', ({ pairRatio }) => pairRatio.toFixed(2)],
  ['peak MB', ({ peakMb }) => peakMb.toFixed(0)],
  ['p99 ms', ({ p99Ms }) => p99Ms.toFixed(0)],
  ['max ms', ({ maxMs }) => maxMs.toFixed(0)],
];

/** The table as text. */
export function table(summaries) {
  const lines = [
    COLUMNS.map(([title]) => title),
    ...summaries.map((summary) => COLUMNS.map(([, cell]) => cell(summary))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One line for each target at TARGET_ROWS rows; none when that size was not run. */
export function verdicts(summaries) {
  const lines = [];
  const line = (what, value, limit, digits) =>
    lines.push(`${value <= limit ? 'met   ' : 'MISSED'}  ${what}: ${value.toFixed(digits)}, at most ${String(limit)}`);
  for (const { rows, operation, pairRatio, peakMb, p99Ms } of summaries) {
    if (rows !== TARGET_ROWS) continue;
    const limit = TARGETS[operation];
    if (limit !== undefined) line(`${operation}, ratio of pairs`, pairRatio, limit, 2);
    line(`${operation}, peak MB`, peakMb, TARGETS.peakMb, 0);
    line(`${operation}, p99 ms of other requests`, p99Ms, TARGETS.p99Ms, 0);
  }
  return lines;
}
