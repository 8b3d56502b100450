import type { Figure } from './figures.js';

export interface Tables {
  readonly releases: string;
  readonly pairs: string;
}

export declare const RELEASES_HEAD: string;
export declare function pairsHead(releases: readonly string[]): string;
export declare function makeTables(figures: readonly Figure[]): Tables;
export declare function withTables(page: string, tables: Tables): string;
