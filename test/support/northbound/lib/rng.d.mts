// Types of rng.mjs, as far as tests use it.
export class Rng {
  constructor(seed: number);
  int(n: number): number;
  range(lo: number, hi: number): number;
  chance(p: number): boolean;
  pick<T>(list: readonly T[]): T | undefined;
  sample<T>(list: readonly T[], k: number): T[];
}
