/** What Neutron writes into the rows that it owns. */
import type { Value } from '../../row/row.js';

const REVISION = 'neutron:revision_number';

/** The revision of the resource that a row was written from; undefined without one. @param ids `external_ids` */
export function revisionOf(ids: Value | undefined): number | undefined {
  if (typeof ids !== 'object' || Array.isArray(ids)) return undefined;
  const revision = (ids as Readonly<Record<string, unknown>>)[REVISION];
  return typeof revision === 'string' && /^-?\d{1,15}$/.test(revision) ? Number(revision) : undefined;
}
