/**
 * Metrics of Node.js and of the process, as prom-client has them. There is one process, however many servers run in it.
 */
import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import { stdoutLog } from '../../../lib/log.js';

let registry: Registry | undefined;

/** Begins to measure; once in a process. */
export function measureProcess(): void {
  if (registry !== undefined) return;
  registry = new Registry();
  // the library counts from now on, and what was used before belongs to the process too
  const { user, system } = process.cpuUsage();
  collectDefaultMetrics({ register: registry });
  add(registry, 'process_cpu_user_seconds_total', user);
  add(registry, 'process_cpu_system_seconds_total', system);
  add(registry, 'process_cpu_seconds_total', user + system);
  new Counter({
    name: 'ovncp_log_lines_lost_total',
    help: 'Lines of the log that could not be written',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(stdoutLog.lost);
    },
  });
}

function add(to: Registry, name: string, microseconds: number): void {
  const counter = to.getSingleMetric(name);
  if (counter instanceof Counter) counter.inc(microseconds / 1e6);
}

const NO_MEAN = /^nodejs_eventloop_lag_mean_seconds Nan$/m;
const LAG = /^nodejs_eventloop_lag_(?:min|max|mean|stddev|p\d\d)_seconds \S+\n/gm;

/** In Prometheus' text format. */
export async function processText(): Promise<string> {
  const text = (await registry?.metrics()) ?? '';
  // two scrapes one right after the other: nothing was measured between them, and the values mean nothing
  return NO_MEAN.test(text) ? text.replace(LAG, '') : text;
}
