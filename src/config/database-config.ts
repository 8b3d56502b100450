/** A database that the configuration names: where it is, and what is said of it. */
import type { RuntimeKey } from '../model/northbound/runtime.js';
import type { Remote } from '../ovsdb/remote.js';

export interface SslConfig {
  readonly privateKeyFile: string;
  readonly certificateFile: string;
  readonly caCertificateFile: string;
}

export interface DatabaseConfig {
  /** What it is called in the API. */
  readonly id: string;
  /** What people call it. */
  readonly label: string;
  /** True for the one that is meant where none is named. */
  readonly isDefault: boolean;
  readonly remotes: readonly Remote[];
  /** What the database calls itself: OVN_Northbound, or another with a schema of its own. */
  readonly schemaName: string;
  readonly ssl?: SslConfig;
  /** Keys of maps that are runtime state in it, besides those that are known. */
  readonly runtimeKeys: readonly RuntimeKey[];
  /** What messages call the settings. */
  readonly settings: DatabaseSettings;
}

export interface DatabaseSettings {
  readonly remotes: string;
  readonly certificate: string;
  readonly caCertificate: string;
}
