/**
 * How northd and the chassis say how far they are (ovn-nb(5), NB_Global): whoever wants to know adds one to `nb_cfg`;
 * northd copies the number into `sb_cfg` when everything before it is in the Southbound, and into `hv_cfg` the number
 * that the slowest chassis has reached.
 */

/** Wait for northd (SB), or for every chassis too (HV), as `ovn-nbctl --wait` does. */
export type SyncTarget = 'NONE' | 'SB' | 'HV';

export const SEQUENCE = {
  /** Has one row at most. */
  table: 'NB_Global',
  asked: 'nb_cfg',
  reached: { SB: 'sb_cfg', HV: 'hv_cfg' },
} as const;
