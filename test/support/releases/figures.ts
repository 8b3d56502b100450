/** What the tests of OVN releases have shown: written down for `npm run releases`, which asks for it. */
import { appendFileSync } from 'node:fs';

export type Figure =
  | { readonly kind: 'RELEASE'; readonly release: string; readonly ovn: string; readonly schema: string }
  /** A backup of `source` restored into `target`: the rows that it has, those that came back, and losses named. */
  | {
      readonly kind: 'PAIR';
      readonly source: string;
      readonly target: string;
      readonly rows: number;
      readonly restored: number;
      readonly losses: number;
    }
  | { readonly kind: 'CLUSTER'; readonly release: string; readonly rows: number; readonly steps: number }
  /** Logical flows that lived through the loss of a switch, and those of them that lived through its restore, too. */
  | { readonly kind: 'FLOWS'; readonly release: string; readonly survived: number; readonly kept: number };

export function note(figure: Figure): void {
  const file = process.env['RELEASE_FIGURES'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(figure)}\n`);
}
