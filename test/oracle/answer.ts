/** What the server answered to a restore or an undo, in one form. */
import type { RestoreBackupMutation } from '../support/clients/generated/graphql.js';

export type Answered = RestoreBackupMutation['restoreBackup'];
type Result = NonNullable<Answered['result']>;

export interface ToldChange {
  readonly kind: string;
  readonly table: string;
  readonly uuid: string;
  readonly label: string;
  readonly reason?: string | null;
  readonly columns: readonly { readonly column: string }[];
}

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly label?: string | null | undefined;
  readonly table?: string | null | undefined;
}

export interface Outcome {
  /** Of the restore or the undo; undefined where the request was refused before there was one. */
  readonly id: string | undefined;
  readonly success: boolean;
  readonly restored: number;
  readonly skipped: number;
  readonly deleted: number;
  readonly errorCount: number;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  readonly details: Result['details'];
  /** UUIDs of rows that come along with a filter. */
  readonly pulledIn: readonly string[];
  /** Without rows that are left as they are. */
  readonly changes: readonly ToldChange[];
  readonly skips: readonly ToldChange[];
}

interface RequestError {
  readonly message: string;
  readonly extensions: { readonly code?: unknown; readonly problems?: readonly Problem[] };
}

export function outcomeOf(
  answered: Answered | null | undefined,
  changes: readonly ToldChange[],
  errors: readonly RequestError[],
): Outcome {
  const result = answered?.result;
  return {
    id: answered?.id,
    success: result?.success === true,
    restored: result?.restoredCount ?? 0,
    skipped: result?.skippedCount ?? 0,
    deleted: result?.deletedCount ?? 0,
    errorCount: result?.errorCount ?? 0,
    problems: [...(result?.errors ?? []), ...errors.flatMap(problemsOf)],
    warnings: result?.warnings ?? [],
    details: result?.details ?? [],
    pulledIn: (result?.pulledIn ?? []).map(({ uuid }) => uuid),
    changes: changes.filter(({ kind }) => kind !== 'SKIP'),
    skips: changes.filter(({ kind }) => kind === 'SKIP'),
  };
}

function problemsOf({ message, extensions }: RequestError): readonly Problem[] {
  return [{ code: String(extensions.code), message }, ...(extensions.problems ?? [])];
}

/** For messages. */
export function told({ success, restored, skipped, deleted, problems }: Outcome): string {
  const how = success
    ? 'succeeded'
    : `was refused (${problems.map(({ code, message }) => `${code}: ${message}`).join('; ')})`;
  return `${how}: ${restored} restored, ${skipped} skipped, ${deleted} deleted`;
}

/** The rows that changed, for whoever looks into a problem. */
export function toldChanges({ changes }: Outcome): readonly string[] {
  return changes.map(({ kind, table, uuid, label, columns }) =>
    [
      `    ${kind} ${table} ${label} (${uuid})`,
      ...(kind === 'UPDATE' ? [columns.map((c) => c.column).join(', ')] : []),
    ].join(': '),
  );
}
