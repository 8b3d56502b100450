/** The databases that the configuration names, by the file or by variables. */
import { defined } from '../lib/defined.js';
import { databaseId } from '../model/northbound/about-database.js';
import type { DatabaseConfig, DatabaseSettings, SslConfig } from './database-config.js';
import type { Name, Values } from './setting.js';
import type { Settings } from './settings.js';

const NAMES = [
  'OVN_NB_DB',
  'OVN_DB_NAME',
  'OVNCP_SSL_PRIVATE_KEY',
  'OVNCP_SSL_CERTIFICATE',
  'OVNCP_SSL_CA_CERT',
  'OVNCP_RUNTIME_KEYS',
] as const satisfies readonly Name[];
/** The settings that say something of a database. */
export const OF_DATABASES: ReadonlySet<Name> = new Set(NAMES);

export interface Configured {
  readonly databases: readonly DatabaseConfig[];
  /** One line each. */
  readonly faults: readonly string[];
}

/**
 * The databases of the file, or the one of the environment. A variable that says something of a database wins over the
 * file where that has one database; where it has several, nobody knows which one is meant.
 */
export function databasesOf(values: Values, settings: Settings): Configured {
  const listed = settings.file?.databases;
  if (listed === undefined) return { databases: [frozen(databaseOf(values, settings))], faults: [] };
  const faults: string[] = [];
  const said = NAMES.filter((name) => settings.get(name) !== undefined);
  const [only, ...more] = listed;
  for (const name of said) {
    const place = settings.placeOf(name);
    if (!settings.isInEnvironment(name))
      faults.push(`${place}: stands beside databases; say it in the entry that it is about`);
    else if (more.length > 0)
      faults.push(
        `${place}: is set, and ${settings.file?.file ?? ''} has ${listed.length} databases: it is not clear which ` +
          'one is meant. Say it there',
      );
  }
  if (faults.length > 0 || only === undefined || more.length > 0) return { databases: listed.map(frozen), faults };
  const database = overridden(only, values, settings);
  if (database.ssl === undefined && database.remotes.some(({ kind }) => kind === 'ssl'))
    faults.push(
      `${database.settings.remotes}: has an ssl: remote; name the PEM files too, in ssl of database ${only.id}`,
    );
  return { databases: [frozen(database)], faults };
}

/** The one database of the variables. */
function databaseOf(values: Values, settings: Settings): DatabaseConfig {
  const id = databaseId(values.OVN_DB_NAME);
  return {
    id,
    label: id,
    isDefault: true,
    remotes: values.OVN_NB_DB,
    schemaName: values.OVN_DB_NAME,
    ...defined({ ssl: sslOf(values) }),
    runtimeKeys: values.OVNCP_RUNTIME_KEYS,
    settings: settingsOf(settings),
  };
}

function overridden(database: DatabaseConfig, values: Values, settings: Settings): DatabaseConfig {
  const isSet = (name: Name): boolean => settings.isInEnvironment(name);
  const ssl = sslOf({
    OVNCP_SSL_PRIVATE_KEY: values.OVNCP_SSL_PRIVATE_KEY ?? database.ssl?.privateKeyFile,
    OVNCP_SSL_CERTIFICATE: values.OVNCP_SSL_CERTIFICATE ?? database.ssl?.certificateFile,
    OVNCP_SSL_CA_CERT: values.OVNCP_SSL_CA_CERT ?? database.ssl?.caCertificateFile,
  });
  const ours = settingsOf(settings);
  return {
    ...database,
    ...(isSet('OVN_NB_DB') ? { remotes: values.OVN_NB_DB } : {}),
    ...(isSet('OVN_DB_NAME') ? { schemaName: values.OVN_DB_NAME } : {}),
    ...(isSet('OVNCP_RUNTIME_KEYS') ? { runtimeKeys: values.OVNCP_RUNTIME_KEYS } : {}),
    ...defined({ ssl }),
    settings: {
      remotes: isSet('OVN_NB_DB') ? ours.remotes : database.settings.remotes,
      certificate: isSet('OVNCP_SSL_CERTIFICATE') ? ours.certificate : database.settings.certificate,
      caCertificate: isSet('OVNCP_SSL_CA_CERT') ? ours.caCertificate : database.settings.caCertificate,
    },
  };
}

function settingsOf(settings: Settings): DatabaseSettings {
  return {
    remotes: settings.nameOf('OVN_NB_DB'),
    certificate: settings.nameOf('OVNCP_SSL_CERTIFICATE'),
    caCertificate: settings.nameOf('OVNCP_SSL_CA_CERT'),
  };
}

type SslValues = Pick<Values, 'OVNCP_SSL_PRIVATE_KEY' | 'OVNCP_SSL_CERTIFICATE' | 'OVNCP_SSL_CA_CERT'>;

/** All three, or none. */
function sslOf(values: SslValues): SslConfig | undefined {
  const { OVNCP_SSL_PRIVATE_KEY: key, OVNCP_SSL_CERTIFICATE: certificate, OVNCP_SSL_CA_CERT: ca } = values;
  return key !== undefined && certificate !== undefined && ca !== undefined
    ? { privateKeyFile: key, certificateFile: certificate, caCertificateFile: ca }
    : undefined;
}

function frozen({ remotes, runtimeKeys, ssl, ...rest }: DatabaseConfig): DatabaseConfig {
  return Object.freeze({
    ...rest,
    remotes: Object.freeze([...remotes]),
    runtimeKeys: Object.freeze([...runtimeKeys]),
    ...(ssl === undefined ? {} : { ssl: Object.freeze(ssl) }),
  });
}
