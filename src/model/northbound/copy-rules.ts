/**
 * What a working copy of a network may share with the original, and what it must not (from ovn-nb(5), northd and
 * ovn-ic).
 */
import type { Row } from '../row/row.js';
import { VSWITCH_SHARED_TABLES } from '../vswitch/vswitch-tables.js';

/**
 * Tables whose rows a working copy shares with the original: they say how clients reach the server, or what chassis and
 * collectors there are, which is there once.
 */
export const SHARED_TABLES: ReadonlySet<string> = new Set([
  'NB_Global',
  'IC_NB_Global',
  ...VSWITCH_SHARED_TABLES,
  'Connection',
  'SSL',
  'Chassis_Template_Var',
  'Sample_Collector',
  'Sampling_App',
]);

/**
 * Table -> map column -> keys that no two rows may have alike: a datapath's own number, the transit switch that it is.
 */
const SINGULAR_KEYS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  Logical_Switch: { other_config: ['requested-tnl-key', 'interconn-ts'] },
  Logical_Router: { options: ['requested-tnl-key'] },
};

/** Map column -> keys that no two rows of the table may have alike. */
export function singularKeys(table: string): Readonly<Record<string, readonly string[]>> {
  return SINGULAR_KEYS[table] ?? {};
}

/** Of a port: northd lets no traffic through it. */
export const DISABLED = { enabled: false } as const;

const OUTSIDE: ReadonlySet<string> = new Set(['localnet', 'l2gateway', 'vtep']);

/** The kind of a port that leads out of the logical network, where its copy meets the original. */
export function outsideKind(table: string, row: Row): string | undefined {
  const type = row['type'];
  return table === 'Logical_Switch_Port' && typeof type === 'string' && OUTSIDE.has(type) ? type : undefined;
}
