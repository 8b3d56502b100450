/**
 * The rows through which this server is connected: those of Connection where its remotes come in, and the one of SSL
 * where they are ssl: ones. A restore that changed or deleted one of them could be this server's last. Pure.
 */
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import { COMES_THROUGH, comesThrough, parseRemotes } from '../../ovsdb/remote.js';

/** Table -> UUID of a live row -> the remote that comes through it. */
export type OwnConnection = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Of all remotes, for in a cluster the row serves every member, and which of them is talked to changes.
 * @param remotes as configured
 */
export function findOwnConnection({ tables }: Snapshot, remotes: readonly string[]): OwnConnection {
  const connections = new Map<string, string>();
  const keys = new Map<string, string>();
  for (const remote of remotes.flatMap(parseRemotes)) {
    const rows = tables.get('Connection');
    const candidates: { readonly uuid: string; readonly how: number }[] = [];
    for (let i = 0; rows !== undefined && i < rows.count; i++) {
      const { target } = rows.row(i);
      const how = typeof target === 'string' ? comesThrough(remote, target) : COMES_THROUGH.NO;
      if (how !== COMES_THROUGH.NO) candidates.push({ uuid: rows.uuid(i), how });
    }
    const surest = Math.max(...candidates.map(({ how }) => how));
    for (const { uuid, how } of candidates) if (how === surest) connections.set(uuid, remote.text);
    const ssl = remote.kind === 'ssl' ? tables.get('SSL') : undefined;
    for (let i = 0; ssl !== undefined && i < ssl.count; i++) keys.set(ssl.uuid(i), remote.text);
  }
  const found = [['Connection', connections] as const, ['SSL', keys] as const];
  return new Map(found.filter(([, rows]) => rows.size > 0));
}
