/** Configuration: every fault of the environment is named at once, in one line each. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../src/config/config.js';
import { ConfigError } from '../../../src/config/config-error.js';
import { tokensFileOf } from '../../../src/config/server-folder.js';
import type { Environment } from '../../../src/config/settings.js';
import { textOf } from '../../docs/page.js';

function faultsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

let folder: string;
let pem: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
  pem = join(folder, 'key.pem');
  writeFileSync(pem, 'pem');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('loadConfig', () => {
  it('has the documented defaults for an empty environment', () => {
    expect(loadConfig({})).toEqual({
      databases: [
        {
          id: 'northbound',
          label: 'northbound',
          isDefault: true,
          remotes: [{ kind: 'unix', text: 'unix:/var/run/ovn/ovnnb_db.sock', path: '/var/run/ovn/ovnnb_db.sock' }],
          schemaName: 'OVN_Northbound',
          runtimeKeys: [],
          settings: {
            remotes: 'OVN_NB_DB',
            certificate: 'OVNCP_SSL_CERTIFICATE',
            caCertificate: 'OVNCP_SSL_CA_CERT',
          },
        },
      ],
      backupPath: '/var/lib/ovncp/backups',
      host: '127.0.0.1',
      port: 4000,
      logLevel: 'info',
      auth: {},
      traffic: {
        perTokenPerMinute: 1_200,
        perAddressPerMinute: 6_000,
        failedLoginsPerMinute: 60,
        connectionsMax: 2_000,
        socketsPerAddressMax: 100,
        trustedProxies: [],
        corsOrigins: [],
      },
      introspection: true,
      auditReads: 'exports',
      stepRowsMax: 2_000,
      stepBytesMax: 1024 ** 2,
      silenceMsMax: 15_000,
      syncSecondsMax: 60,
      restoresKeptDays: 90,
      drainSecondsMax: 30,
      drills: { atOnce: 1, secondsMax: 600, memoryBytesMax: 2 * 1024 ** 3, searchPath: [] },
      uploadBytesMax: 2 * 1024 ** 3,
      bodyBytesMax: 64 * 1024 ** 2,
    });
  });

  it('reads every variable', () => {
    const config = loadConfig({
      OVN_NB_DB: 'ssl:[fd00::1]:6641, tcp:nb.example:6642',
      OVN_DB_NAME: 'OVN_IC_Northbound',
      OVNCP_SSL_PRIVATE_KEY: pem,
      OVNCP_SSL_CERTIFICATE: pem,
      OVNCP_SSL_CA_CERT: pem,
      BACKUP_PATH: '/srv/b',
      OVNCP_STATE_PATH: '/fast/disk',
      HOST: '::',
      PORT: '0',
      LOG_LEVEL: 'silent',
      OVNCP_JWT_SECRET: 'x'.repeat(32),
      OVNCP_TLS_CERT: pem,
      OVNCP_TLS_KEY: pem,
      OVNCP_METRICS_PORT: '9100',
      OVNCP_JWT_ISSUER: 'iss',
      OVNCP_JWT_AUDIENCE: 'aud',
      OVNCP_TOKENS_FILE: '/etc/tokens.json',
      OVNCP_RATE_PER_TOKEN_PER_MINUTE: '0',
      OVNCP_RATE_PER_ADDRESS_PER_MINUTE: '100000',
      OVNCP_FAILED_LOGINS_PER_MINUTE: '5',
      OVNCP_CONNECTIONS_MAX: '10',
      OVNCP_SOCKETS_PER_ADDRESS_MAX: '500',
      OVNCP_TRUSTED_PROXIES: '10.0.0.0/8, ::1,loopback',
      OVNCP_CORS_ORIGINS: 'https://console.example, http://localhost:3000',
      OVNCP_INTROSPECTION: 'false',
      OVNCP_AUDIT_READS: 'all',
      OVNCP_UPLOAD_BYTES_MAX: '4096',
      OVNCP_BODY_BYTES_MAX: '2048',
      OVNCP_RUNTIME_KEYS: 'NB_Global.external_ids:neutron:beat, Logical_Switch_Port.options:seen at',
      PATH: '/usr/bin',
    });
    const [database] = config.databases;
    expect(database?.remotes.map((remote) => remote.kind)).toEqual(['ssl', 'tcp']);
    expect(config).toMatchObject({
      databases: [
        {
          id: 'ovn_ic_northbound',
          ssl: { privateKeyFile: pem, certificateFile: pem, caCertificateFile: pem },
          schemaName: 'OVN_IC_Northbound',
          runtimeKeys: [
            { table: 'NB_Global', column: 'external_ids', key: 'neutron:beat' },
            { table: 'Logical_Switch_Port', column: 'options', key: 'seen at' },
          ],
        },
      ],
      backupPath: '/srv/b',
      statePath: '/fast/disk',
      host: '::',
      port: 0,
      tls: { privateKeyFile: pem, certificateFile: pem },
      metricsPort: 9100,
      logLevel: 'silent',
      auth: { jwtSecret: 'x'.repeat(32), jwtIssuer: 'iss', jwtAudience: 'aud', tokensFile: '/etc/tokens.json' },
      traffic: {
        perTokenPerMinute: 0,
        perAddressPerMinute: 100_000,
        failedLoginsPerMinute: 5,
        connectionsMax: 10,
        socketsPerAddressMax: 500,
        trustedProxies: ['10.0.0.0/8', '::1', 'loopback'],
        corsOrigins: ['https://console.example', 'http://localhost:3000'],
      },
      introspection: false,
      auditReads: 'all',
      uploadBytesMax: 4096,
      bodyBytesMax: 2048,
    });
  });

  it('is frozen, and so is what is in it', () => {
    const config = loadConfig({});
    const [database] = config.databases;
    expect(
      [
        config,
        config.auth,
        config.databases,
        database,
        database?.remotes,
        config.traffic,
        config.traffic.corsOrigins,
      ].every((part) => Object.isFrozen(part)),
    ).toBe(true);
  });

  it('counts an empty variable as not set', () => {
    expect(loadConfig({ PORT: '', OVNCP_JWT_SECRET: '' })).toMatchObject({ port: 4000, auth: {} });
  });

  it.each([
    [{ PORT: '70000' }, 'PORT: "70000" is not a whole number from 0 to 65535; write digits alone, without a unit'],
    [{ OVNCP_UPLOAD_BYTES_MAX: '2G' }, /^OVNCP_UPLOAD_BYTES_MAX: "2G" is not a whole number .* without a unit/],
    [{ PORT: '4e3' }, /^PORT: "4e3" is not a whole number from 0 to 65535/],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL: "loud" is not a level; use one of trace, debug, .*, fatal, silent$/],
    [{ OVNCP_AUDIT_READS: 'some' }, 'OVNCP_AUDIT_READS: "some" is not known; use one of none, exports, all'],
    [{ OVNCP_INTROSPECTION: 'yes' }, 'OVNCP_INTROSPECTION: "yes" is neither true nor false; write one of the two'],
    [{ OVNCP_JWT_SECRET: 'short' }, 'OVNCP_JWT_SECRET: is too short; use at least 32 bytes'],
    [{ OVNCP_JWKS_URL: 'http://keys.example/jwks' }, /^OVNCP_JWKS_URL: .*https/],
    [{ OVNCP_JWKS_URL: 'file:///etc/passwd' }, /^OVNCP_JWKS_URL: "file:/],
    [{ OVNCP_JWKS_URL: 'http://me:hunter2@keys.example' }, /^OVNCP_JWKS_URL: "http:\/\/\*\*\*@keys.example"/],
    [{ OVNCP_RUNTIME_KEYS: 'NB_Global.options' }, /^OVNCP_RUNTIME_KEYS: "NB_Global.options" is not a key of a map/],
    [
      { OVNCP_RUNTIME_KEYS: 'A.b:c,options:beat' },
      /^OVNCP_RUNTIME_KEYS: "options:beat" is not a key .*TABLE.COLUMN:KEY/,
    ],
    [{ OVN_NB_DB: 'tcp:host' }, /^OVN_NB_DB: "tcp:host" is not a remote/],
    [{ OVN_NB_DB: 'unix:/x', OVN_DB_NAME: 'no name' }, /^OVN_DB_NAME: "no name" is not the name of a database/],
    [{ OVN_DB_NAME: 'Open_vSwitch' }, /^OVN_NB_DB: is not set; OVN_DB_NAME names another database/],
    [{ OVNCP_SSL_PRIVATE_KEY: '/nowhere/key.pem' }, /^OVNCP_SSL_PRIVATE_KEY: "\/nowhere\/key.pem" cannot be read/],
    [{ OVNCP_JWT_ISSUER: 'me' }, /^OVNCP_JWT_ISSUER: has no effect alone/],
    [
      { OVNCP_RATE_PER_TOKEN_PER_MINUTE: '-1' },
      /^OVNCP_RATE_PER_TOKEN_PER_MINUTE: "-1" is not a whole number from 0 to 10000000/,
    ],
    [{ OVNCP_CONNECTIONS_MAX: '0' }, /^OVNCP_CONNECTIONS_MAX: "0" is not/],
    [{ OVNCP_TRUSTED_PROXIES: '10.0.0.1, proxy.example' }, /^OVNCP_TRUSTED_PROXIES: "proxy.example" is not an address/],
    [{ OVNCP_TRUSTED_PROXIES: '0.0.0.0/0' }, /^OVNCP_TRUSTED_PROXIES: "0.0.0.0\/0" is not/],
    [{ OVNCP_CORS_ORIGINS: '*' }, /^OVNCP_CORS_ORIGINS: "\*" is not an origin/],
    [{ OVNCP_CORS_ORIGINS: 'null' }, /^OVNCP_CORS_ORIGINS: "null" is not an origin/],
    [{ OVNCP_CORS_ORIGINS: 'https://Console.example/' }, /^OVNCP_CORS_ORIGINS: .* write https:\/\/console.example/],
    [{ OVNCP_CORS_ORIGINS: 'file:///tmp' }, /^OVNCP_CORS_ORIGINS: /],
    [
      { OVNCP_TLS_CERT: '/nowhere/cert.pem', OVNCP_TLS_KEY: '' },
      /^OVNCP_TLS_CERT: "\/nowhere\/cert.pem" cannot be read/,
    ],
    [{ OVNCP_METRICS_PORT: 'none' }, /^OVNCP_METRICS_PORT: "none" is not a whole number/],
    [{ OVNCP_METRICS_PORT: '4000' }, /^OVNCP_METRICS_PORT: is PORT/],
    [{ HOST: 'a host' }, /^HOST: "a host" is not a host name or an address/],
  ] as const)('refuses %j', (env, fault) => {
    const faults = faultsOf(env);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(fault);
  });

  it('tells where the tokens are without looking at the rest', () => {
    expect(tokensFileOf({ BACKUP_PATH: '/srv/b', PORT: 'rubbish' })).toEqual({
      path: '/srv/b/tokens.json',
      setting: 'BACKUP_PATH',
      isSet: true,
      isUsed: true,
    });
    expect(tokensFileOf({ OVNCP_TOKENS_FILE: '', BACKUP_PATH: '' })).toEqual({
      path: '/var/lib/ovncp/backups/tokens.json',
      setting: 'BACKUP_PATH',
      isSet: false,
      isUsed: true,
    });
    expect(tokensFileOf({ OVNCP_TOKENS_FILE: '/etc/t.json', OVNCP_JWT_SECRET: 'x' })).toEqual({
      path: '/etc/t.json',
      setting: 'OVNCP_TOKENS_FILE',
      isSet: true,
      isUsed: true,
    });
    expect(tokensFileOf({ OVNCP_JWKS_URL: 'https://keys.example' }).isUsed).toBe(false);
  });

  it('takes a key set over plain http on loopback only', () => {
    expect(faultsOf({ OVNCP_JWKS_URL: 'http://127.0.0.1:8080/jwks' })).toEqual([]);
    expect(faultsOf({ OVNCP_JWKS_URL: 'http://127.0.0.1.example/jwks' })).toHaveLength(1);
  });

  it('refuses two sources of JWT keys', () => {
    const env = { OVNCP_JWKS_URL: 'https://keys.example/jwks', OVNCP_JWT_SECRET: 'x'.repeat(32) };
    expect(faultsOf(env)).toEqual(['OVNCP_JWKS_URL: is set together with OVNCP_JWT_SECRET; set one of them']);
  });

  it('wants all three PEM files for an ssl remote', () => {
    expect(faultsOf({ OVN_NB_DB: 'ssl:nb:6641', OVNCP_SSL_CERTIFICATE: pem })).toEqual([
      'OVNCP_SSL_PRIVATE_KEY: is not set; OVN_NB_DB has an ssl: remote, so name the PEM file',
      'OVNCP_SSL_CA_CERT: is not set; OVN_NB_DB has an ssl: remote, so name the PEM file',
    ]);
  });

  it('wants both PEM files for TLS, or none', () => {
    expect(faultsOf({ OVNCP_TLS_CERT: pem })).toEqual([
      'OVNCP_TLS_KEY: is not set; the two belong together, so name the PEM file',
    ]);
    expect(faultsOf({ OVNCP_TLS_KEY: pem })).toEqual([
      'OVNCP_TLS_CERT: is not set; the two belong together, so name the PEM file',
    ]);
  });

  it('tells metrics nowhere from metrics on the main listener', () => {
    expect(loadConfig({ OVNCP_METRICS_PORT: '0', PORT: '0' }).metricsPort).toBe(0);
    expect(loadConfig({})).not.toHaveProperty('metricsPort');
  });

  it('refuses an unknown OVNCP_ variable and names the nearest one', () => {
    expect(faultsOf({ OVNCP_JWT_SECERT: 'x'.repeat(40) })).toEqual([
      'OVNCP_JWT_SECERT: is not known; did you mean OVNCP_JWT_SECRET?',
    ]);
  });

  it('ignores the variables of the commands in the README', () => {
    const set = [...textOf('README.md').matchAll(/\b(OVNCP_[A-Z_]+)=/g)].map(([, name = '']) => name);
    expect(set).toContain('OVNCP_URL');
    expect(loadConfig(Object.fromEntries(set.map((name) => [name, 'http://localhost:4000'])))).toEqual(loadConfig({}));
  });

  it('names every fault at once, each in one line, and no secret', () => {
    const faults = faultsOf({ PORT: 'x', LOG_LEVEL: 'y', OVNCP_JWT_SECRET: 'hunter2', OVNCP_TOKEN_FILE: 'z' });
    expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual([
      'LOG_LEVEL',
      'OVNCP_JWT_SECRET',
      'OVNCP_TOKEN_FILE',
      'PORT',
    ]);
    expect(faults.join('')).not.toMatch(/\n|hunter2/);
  });
});
