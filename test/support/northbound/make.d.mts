// Types of make.mjs.
export type Profile = 'k8s' | 'openstack' | 'small';

export interface NorthboundOptions {
  readonly profile?: Profile;
  /** Rows in all tables together; not used by `small`. */
  readonly rows?: number;
  readonly seed?: number;
  /** `small` only: values that are legal but rare. */
  readonly edge?: boolean;
  /** Path of an .ovsschema. */
  readonly schema?: string;
  /** The file to write. */
  readonly out: string;
}

export interface MadeNorthbound {
  readonly out: string;
  readonly profile: Profile;
  readonly seed: number;
  readonly rows: number;
  readonly bytes: number;
  readonly skipped: number;
  readonly tables: Readonly<Record<string, number>>;
}

export function installedSchema(): string;
export function makeNorthbound(options: NorthboundOptions): MadeNorthbound;
