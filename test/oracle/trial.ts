/** One restore as its laws see it: what was asked, what was there before and after, and what was answered. */
import type { Outcome } from './answer.js';
import type { Choice } from './choice.js';
import {
  byUuid,
  type Content,
  type Difference,
  differencesBetween,
  membersIn,
  ownersIn,
  type Place,
} from './content.js';
import { type Identity, identify } from './identity.js';
import { type Part, partOf } from './part.js';
import type { Schema } from './schema.js';

/** Tables whose rows have one owner. */
export const OWNED_ONCE: ReadonlySet<string> = new Set(['Logical_Switch_Port', 'Logical_Router_Port']);

export class Trial {
  readonly identity: Identity;
  readonly differences: readonly Difference[];
  readonly rows: { readonly backup: Places; readonly before: Places; readonly after: Places };
  /** Of the backup. */
  readonly part: Part;
  /** Of the database before. */
  readonly livePart: Part;
  readonly inserted: ReadonlySet<string>;
  readonly deleted: ReadonlySet<string>;

  constructor(
    readonly schema: Schema,
    readonly choice: Choice,
    readonly backup: Content,
    readonly before: Content,
    readonly after: Content,
    readonly outcome: Outcome,
  ) {
    this.identity = identify(schema, backup, before, choice.mapped);
    this.differences = differencesBetween(schema, before, after);
    const places = (content: Content): Places => byUuid(schema, content);
    this.rows = { backup: places(backup), before: places(before), after: places(after) };
    this.part = partOf(schema, backup, choice, outcome.pulledIn);
    this.livePart = partOf(schema, before, choice, outcome.pulledIn);
    const of = (kind: string): Set<string> =>
      new Set(this.differences.filter((difference) => difference.kind === kind).map(({ uuid }) => uuid));
    this.inserted = of('INSERT');
    this.deleted = of('DELETE');
  }

  /** Rows of the backup that surely are these live rows, in the part that is restored. */
  matched(): readonly { readonly held: Place; readonly live: Place }[] {
    return [...this.rows.backup.values()].flatMap((held) => {
      const live = this.rows.before.get(this.identity.live.get(held.uuid) ?? '');
      return live === undefined || !this.part.sure.has(held.uuid) ? [] : [{ held, live }];
    });
  }

  /** Rows of the backup that surely are not live. */
  missing(): readonly Place[] {
    return [...this.rows.backup.values()].filter(({ uuid }) => this.identity.isMissing(uuid));
  }

  /** References that the backup holds, as the database would say them; those to rows that are unsure are left out. */
  wanted(held: Place, column: string): readonly string[] {
    return membersIn(held.row, column)
      .filter((member) => !this.identity.unsure.has(member))
      .map((member) => this.identity.translate(member));
  }

  /** Whether texts that name rows may have been made to name others. */
  get hasMapping(): boolean {
    return this.choice.mapping !== undefined;
  }

  /** Rows that should have one owner and have two. */
  ownedTwice(content: Content): readonly string[] {
    const owners = ownersIn(this.schema, content);
    return [...byUuid(this.schema, content).values()]
      .filter(({ table, uuid }) => OWNED_ONCE.has(table.name) && (owners.get(uuid)?.length ?? 0) > 1)
      .map(({ uuid }) => uuid);
  }
}

type Places = ReadonlyMap<string, Place>;
