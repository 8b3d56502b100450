/**
 * Undo: the database as it would be had a restore not changed what it changed. Pure.
 *
 * The list of changes that every restore keeps has the values before and after. Turned round (reversal.ts) and laid
 * over the database as it is now it gives a target, and the plan that leads there (plan.ts) is the undo. What others
 * wrote since into rows and columns that the restore did not touch stays as it is; sets are undone member by member and
 * maps key by key (value-before.ts), so that a port that somebody added to a switch meanwhile stays in it.
 *
 * The target is one that the database takes. What would break a rule of its schema is not undone: a row that others
 * refer to now (rows-in-use.ts), a name that another row has now (taken-names.ts), a reference to a row that is gone
 * (lost-references.ts). Nor does a port come back into a switch, if it is in another now (moved-ports.ts). One such
 * thing brings about the next, so they are looked for until there is none. A row to
 * which others refer weakly is deleted all the same, but not without a word (referred-since.ts).
 */

import type { Breath } from '../../lib/breath.js';
import type { Problem } from '../../lib/error.js';
import { plural } from '../../lib/text/plural.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import { type Identity, NO_MATCH } from '../identify/identify.js';
import { Findings } from './findings.js';
import type { KeptChange, UndoMode } from './kept-change.js';
import { dropLostReferences } from './lost-references.js';
import { MovedPorts } from './moved-ports.js';
import { tellReferredSince } from './referred-since.js';
import { Reversal } from './reversal.js';
import { keepRowsInUse, type Orphans } from './rows-in-use.js';
import { tellSameNames } from './same-names.js';
import { leaveOutTakenNames } from './taken-names.js';
import { UndoDraft } from './undo-draft.js';

export type { KeptChange, UndoMode } from './kept-change.js';

export interface UndoTarget {
  readonly target: Snapshot;
  readonly conflicts: readonly Problem[];
  readonly warnings: readonly string[];
  /** Changes that are to be taken back, and those of which nothing is left in the database. */
  readonly present: number;
  readonly absent: number;
}

/** Lays the changes, turned round, over the live database. Both have the live schema. */
export async function undoTarget(
  live: Snapshot,
  changes: AsyncIterable<KeptChange> | Iterable<KeptChange>,
  mode: UndoMode,
  breath: Breath,
): Promise<UndoTarget> {
  const draft = new UndoDraft(live);
  const findings = new Findings(mode);
  const reversal = new Reversal(draft, findings, mode);
  const movedPorts = new MovedPorts(draft, findings);
  for await (const change of changes) {
    reversal.undo(change);
    movedPorts.note(change);
    if (breath.due()) await breath.rest();
  }
  const orphans = await makeValid(draft, movedPorts, findings, breath);
  tell(draft, orphans, reversal, findings);
  await tellReferredSince(draft, orphans, findings, breath);
  await tellSameNames(draft, orphans, findings, breath);
  for (const [table, uuids] of orphans) for (const uuid of uuids) draft.rows(table).delete(uuid);
  const { conflicts, warnings } = findings;
  return { target: draft.seal(), conflicts, warnings, present: reversal.present, absent: reversal.absent };
}

/** Takes out of the draft what the database would refuse. It ends, since each round takes out an edit. */
async function makeValid(
  draft: UndoDraft,
  movedPorts: MovedPorts,
  findings: Findings,
  breath: Breath,
): Promise<Orphans> {
  for (;;) {
    const { revision } = draft;
    const orphans = await keepRowsInUse(draft, (port) => movedPorts.has(port), breath);
    await movedPorts.leaveOut(breath);
    await leaveOutTakenNames(draft, orphans, breath);
    const isMissing = (table: string, uuid: string): boolean =>
      !draft.rows(table).has(uuid) && !draft.rows(table).isDeleted(uuid);
    await dropLostReferences(draft, isMissing, findings, breath);
    if (draft.revision !== revision) continue;
    // only now is it known which rows go
    const isGone = (table: string, uuid: string): boolean =>
      !draft.rows(table).has(uuid) || orphans.get(table)?.has(uuid) === true;
    await dropLostReferences(draft, isGone, findings, breath);
    if (draft.revision === revision) return orphans;
  }
}

function tell(draft: UndoDraft, orphans: Orphans, { changedSince }: Reversal, findings: Findings): void {
  for (const row of draft.stayingRows()) {
    const more = row.needs === 0 ? '' : plural(row.needs, '; so {does # row|do # rows} that it needs or holds');
    findings.add(row, `is in use now, and stays: ${row.why}${more}`);
  }
  for (const row of draft.leftOutRows())
    findings.add(
      row,
      `${row.isLive ? 'is left as it is' : 'is not put back, and references to it are left out'}: ${row.why}`,
    );
  for (const row of changedSince)
    if (!draft.rows(row.table).has(row.uuid))
      findings.add(
        row,
        `was changed since in ${row.columns}, and would be deleted`,
        `was changed since in ${row.columns}, and is deleted all the same`,
      );
  for (const [table, uuids] of orphans)
    for (const uuid of uuids)
      findings.add(
        { table, label: draft.label(table, uuid) },
        'would be left without the row that holds it, and so be deleted',
        'is left without the row that holds it, and so is deleted',
      );
}

/** Which live row is this row, where both come from the same database: the one of the same UUID, and no other. */
export function identifyByUuid(target: Snapshot, live: Snapshot): Identity {
  const matches = new Map<string, Int32Array>();
  const matched = new Map<string, Uint8Array>();
  for (const [name, rows] of target.tables) {
    const theirs = live.tables.get(name) as TableRows;
    const taken = new Uint8Array(theirs.count);
    const found = Int32Array.from({ length: rows.count }, (_, i) => theirs.find(rows.uuid(i)) ?? NO_MATCH);
    for (const index of found) if (index !== NO_MATCH) taken[index] = 1;
    matches.set(name, found);
    matched.set(name, taken);
  }
  return { matches, matched, translation: new Map(), warnings: [] };
}
