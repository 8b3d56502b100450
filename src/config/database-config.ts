/** The databases that the configuration names: where each is, and what is said of it. */
import { defined } from '../lib/defined.js';
import { databaseId } from '../model/northbound/about-database.js';
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

/** The variables that say which database is backed up where no file does. */
export interface DatabaseVariables {
  readonly OVN_NB_DB: readonly Remote[];
  readonly OVN_DB_NAME: string;
  readonly OVNCP_SSL_PRIVATE_KEY?: string | undefined;
  readonly OVNCP_SSL_CERTIFICATE?: string | undefined;
  readonly OVNCP_SSL_CA_CERT?: string | undefined;
  readonly OVNCP_RUNTIME_KEYS: readonly RuntimeKey[];
}

const SETTINGS: DatabaseSettings = {
  remotes: 'OVN_NB_DB',
  certificate: 'OVNCP_SSL_CERTIFICATE',
  caCertificate: 'OVNCP_SSL_CA_CERT',
};

/** The one database of the environment. */
export function databaseOf(values: DatabaseVariables): DatabaseConfig {
  const { OVNCP_SSL_PRIVATE_KEY: key, OVNCP_SSL_CERTIFICATE: certificate, OVNCP_SSL_CA_CERT: ca } = values;
  const id = databaseId(values.OVN_DB_NAME);
  return frozen({
    id,
    label: id,
    isDefault: true,
    remotes: values.OVN_NB_DB,
    schemaName: values.OVN_DB_NAME,
    ...defined({
      ssl:
        key !== undefined && certificate !== undefined && ca !== undefined
          ? { privateKeyFile: key, certificateFile: certificate, caCertificateFile: ca }
          : undefined,
    }),
    runtimeKeys: values.OVNCP_RUNTIME_KEYS,
    settings: SETTINGS,
  });
}

export function frozen({ remotes, runtimeKeys, ssl, ...rest }: DatabaseConfig): DatabaseConfig {
  return Object.freeze({
    ...rest,
    remotes: Object.freeze([...remotes]),
    runtimeKeys: Object.freeze([...runtimeKeys]),
    ...(ssl === undefined ? {} : { ssl: Object.freeze(ssl) }),
  });
}
