/** Settings that are right each by itself, and not together. */
import { NORTHBOUND } from '../model/northbound/tables.js';
import type { Name, Values } from './setting.js';
import type { Settings } from './settings.js';

/** @returns a line of each fault */
export function contradictions(values: Values, settings: Settings): readonly string[] {
  const faults = settings.file?.databases === undefined ? databaseFaults(values, settings) : [];
  const fault = (name: Name, message: string): void => {
    faults.push(`${settings.placeOf(name)}: ${message}`);
  };
  const tls = ['OVNCP_TLS_CERT', 'OVNCP_TLS_KEY'] as const;
  const [missing, ...more] = tls.filter((name) => values[name] === undefined);
  if (missing !== undefined && more.length === 0)
    fault(missing, 'is not set; the two belong together, so name the PEM file');
  const { OVNCP_METRICS_PORT: metricsPort, OVNCP_JWT_SECRET: secret, OVNCP_JWKS_URL: keys } = values;
  if (metricsPort !== undefined && metricsPort !== 0 && metricsPort === values.PORT)
    fault(
      'OVNCP_METRICS_PORT',
      `is ${settings.nameOf('PORT')}; leave it out to have /metrics there, or name another port`,
    );
  if (secret !== undefined && keys !== undefined)
    fault('OVNCP_JWKS_URL', `is set together with ${settings.nameOf('OVNCP_JWT_SECRET')}; set one of them`);
  for (const name of ['OVNCP_JWT_ISSUER', 'OVNCP_JWT_AUDIENCE'] as const) {
    if (values[name] !== undefined && secret === undefined && keys === undefined)
      fault(name, 'has no effect alone; set OVNCP_JWT_SECRET or OVNCP_JWKS_URL too');
  }
  return faults;
}

/** Of the variables that say which the one database is. */
function databaseFaults(values: Values, settings: Settings): string[] {
  const faults: string[] = [];
  if (values.OVN_DB_NAME !== NORTHBOUND && settings.get('OVN_NB_DB') === undefined)
    faults.push(
      `OVN_NB_DB: is not set; ${settings.nameOf('OVN_DB_NAME')} names another database, so say where that listens`,
    );
  const ssl = ['OVNCP_SSL_PRIVATE_KEY', 'OVNCP_SSL_CERTIFICATE', 'OVNCP_SSL_CA_CERT'] as const;
  const missing = ssl.filter((name) => values[name] === undefined);
  const usesSsl = values.OVN_NB_DB.some((remote) => remote.kind === 'ssl');
  if (missing.length > 0 && (usesSsl || missing.length < ssl.length)) {
    const why = usesSsl ? `${settings.nameOf('OVN_NB_DB')} has an ssl: remote` : 'the three belong together';
    for (const name of missing) faults.push(`${name}: is not set; ${why}, so name the PEM file`);
  }
  return faults;
}
