/**
 * Metrics under the name that Prometheus' conventions want, and under the one that they had before. The old names are
 * there for one release: the next one, 0.2, leaves them out.
 */
import { Histogram, type LabelValues, type Registry } from 'prom-client';

export interface RenamedHistogram<Label extends string> {
  readonly name: string;
  readonly oldName: string;
  readonly help: string;
  readonly labelNames: readonly Label[];
  readonly buckets: readonly number[];
}

export function helpOfOldName(name: string): string {
  return `Old name of ${name}, which the next release leaves out`;
}

/** @returns what takes a measurement */
export function renamedHistogram<Label extends string>(
  registry: Registry,
  { name, oldName, help, labelNames, buckets }: RenamedHistogram<Label>,
): (labels: LabelValues<Label>, value: number) => void {
  const shape = { registers: [registry], labelNames: [...labelNames], buckets: [...buckets] };
  const histograms = [
    new Histogram({ ...shape, name, help }),
    new Histogram({ ...shape, name: oldName, help: helpOfOldName(name) }),
  ];
  return (labels, value) => {
    for (const histogram of histograms) histogram.observe(labels, value);
  };
}
