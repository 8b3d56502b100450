/**
 * What the documentation says of each variable: `npm run config-docs` makes the tables of docs/configuration.md of it,
 * and of what variable.ts and database-entry.ts say.
 */
import type { Name } from './setting.js';

export const SECTIONS = ['FILE', 'DATABASE', 'SERVER', 'ACCESS', 'LIMITS'] as const;

export interface AboutVariable {
  /** Of the page. */
  readonly section: (typeof SECTIONS)[number];
  /** What values it takes. */
  readonly takes: string;
  readonly meaning: string;
}

/** In the order of the page. */
export const ABOUT_VARIABLES: Readonly<Record<Name, AboutVariable>> = {
  OVNCP_CONFIG: {
    section: 'FILE',
    takes: 'YAML file',
    meaning: 'The configuration file. Not set: there are only variables',
  },
  OVN_NB_DB: {
    section: 'DATABASE',
    takes: 'remotes, separated by commas',
    meaning:
      'Where the Northbound database listens, written as for `ovn-nbctl`: `unix:PATH`, `tcp:HOST:PORT` or ' +
      '`ssl:HOST:PORT`. For a cluster name all its members. [Relays and standbys](operating.md#relays-and-standbys) ' +
      'may be among them',
  },
  OVN_DB_NAME: {
    section: 'DATABASE',
    takes: 'name of a database',
    meaning: 'Which database to back up there: see [other databases](#other-databases)',
  },
  OVNCP_SSL_PRIVATE_KEY: {
    section: 'DATABASE',
    takes: 'PEM file',
    meaning:
      'Private key of this client. Needed with `ssl:` remotes, together with the next two. The three files are read ' +
      'again for every connection',
  },
  OVNCP_SSL_CERTIFICATE: {
    section: 'DATABASE',
    takes: 'PEM file',
    meaning: 'Certificate of this client',
  },
  OVNCP_SSL_CA_CERT: {
    section: 'DATABASE',
    takes: 'PEM file',
    meaning:
      "The CA that signs the database server's certificate. Any certificate signed by this CA is trusted; the host " +
      'name is not checked (Open vSwitch does the same)',
  },
  OVNCP_CAPTURE_SILENCE_MS_MAX: {
    section: 'DATABASE',
    takes: 'milliseconds, 1 to 3600000',
    meaning:
      'While ovsdb-server makes one large reply, it answers nobody else. If a backup kept a standalone server silent ' +
      'for longer than this, later backups read in small steps',
  },
  OVNCP_RUNTIME_KEYS: {
    section: 'DATABASE',
    takes: '`TABLE.COLUMN:KEY`, separated by commas',
    meaning:
      'More [runtime state](restoring.md#runtime-state): keys of maps that something writes all the time and that ' +
      'configure nothing, such as `NB_Global.external_ids:heartbeat`. A key with a comma cannot be given',
  },
  OVNCP_STEP_ROWS_MAX: {
    section: 'DATABASE',
    takes: 'rows, 1 to 1000000',
    meaning: 'A restore into a cluster that changes more rows is applied in steps of at most this size',
  },
  OVNCP_STEP_BYTES_MAX: {
    section: 'DATABASE',
    takes: 'bytes, 1024 to 536870912',
    meaning: 'The same, by size',
  },
  OVNCP_SYNC_SECONDS_MAX: {
    section: 'DATABASE',
    takes: 'seconds, 1 to 3600',
    meaning: 'How long a restore with `sync` waits for ovn-northd, or for the chassis too',
  },
  OVNCP_RESTORES_KEPT_DAYS: {
    section: 'DATABASE',
    takes: 'days, 1 to 36500',
    meaning:
      'How long a restore is kept, and can be undone. A restore that changed nothing, or that cannot be undone any ' +
      'more, is kept for a week, a dry run for a day. The audit trail keeps its lines',
  },
  OVNCP_DRAIN_SECONDS_MAX: {
    section: 'DATABASE',
    takes: 'seconds, 1 to 3600',
    meaning:
      'How long the server takes to stop at most. Running work may end until shortly before. Work that waits for its ' +
      'turn is cancelled at once. If a restore was being sent to the database, the next start finds out what became ' +
      'of it',
  },
  BACKUP_PATH: {
    section: 'SERVER',
    takes: 'folder',
    meaning:
      'Where the backups are kept. The folder is made if it is missing. [One server per ' +
      'folder](operating.md#one-server-per-folder)',
  },
  OVNCP_STATE_PATH: {
    section: 'SERVER',
    takes: 'folder',
    meaning:
      'Not set: `BACKUP_PATH`. Where rows and documents wait, in files without a name, while an archive is checked, ' +
      'exported or downloaded. Use a fast disk of this machine, with room for the largest document. The scratch ' +
      'databases of [drills](restoring.md#prove-that-a-backup-can-be-restored) are there too, in private folders. ' +
      'Nothing is left in it when the server stops',
  },
  HOST: {
    section: 'SERVER',
    takes: 'host name or address',
    meaning: 'Where to listen',
  },
  PORT: {
    section: 'SERVER',
    takes: 'port, 0 to 65535',
    meaning: 'Where to listen; 0 takes any free port',
  },
  OVNCP_TLS_CERT: {
    section: 'SERVER',
    takes: 'PEM file',
    meaning:
      'Certificate of this server. With it and the next one the server speaks TLS 1.2 and 1.3. The files are read ' +
      'again when they change',
  },
  OVNCP_TLS_KEY: {
    section: 'SERVER',
    takes: 'PEM file',
    meaning: 'Private key of this server',
  },
  OVNCP_METRICS_PORT: {
    section: 'SERVER',
    takes: 'port, 0 to 65535',
    meaning:
      'Not set: `/metrics` is served at `PORT`. A port: `/metrics` is served there instead, on `HOST`. 0: nowhere',
  },
  LOG_LEVEL: {
    section: 'SERVER',
    takes: '`trace`, `debug`, `info`, `warn`, `error`, `fatal`, `silent`',
    meaning: 'The least severe lines that are logged',
  },
  OVNCP_TOKENS_FILE: {
    section: 'ACCESS',
    takes: 'file',
    meaning:
      'Static tokens, as `npm run token` writes them. Not set, and no JWT configured: `tokens.json` in ' +
      '`BACKUP_PATH`. The file is read again when it changes. Only its owner may be able to write it: see ' +
      '[security](security.md#tokens)',
  },
  OVNCP_JWT_SECRET: {
    section: 'ACCESS',
    takes: 'text of 32 bytes or more',
    meaning: 'Shared secret of JWTs with HS256, HS384 or HS512',
  },
  OVNCP_JWKS_URL: {
    section: 'ACCESS',
    takes: '`https://` address, or `http://` on localhost',
    meaning:
      'Where the keys of JWTs with RS, PS, ES or EdDSA algorithms are fetched. Set this or `OVNCP_JWT_SECRET`, not ' +
      'both',
  },
  OVNCP_JWT_ISSUER: {
    section: 'ACCESS',
    takes: 'text',
    meaning: 'If set, the `iss` that a JWT must have',
  },
  OVNCP_JWT_AUDIENCE: {
    section: 'ACCESS',
    takes: 'text',
    meaning: 'If set, the `aud` that a JWT must have',
  },
  OVNCP_CORS_ORIGINS: {
    section: 'ACCESS',
    takes: 'origins, separated by commas',
    meaning: 'Web pages of other origins that may use the API, such as `https://console.example`. `*` is not allowed',
  },
  OVNCP_TRUSTED_PROXIES: {
    section: 'ACCESS',
    takes: 'addresses and networks, separated by commas',
    meaning: 'Proxies whose `X-Forwarded-For` header is believed, such as `10.0.0.1` or `10.0.0.0/8`',
  },
  OVNCP_AUDIT_READS: {
    section: 'ACCESS',
    takes: '`none`, `exports`, `all`',
    meaning:
      'Which reading calls have lines in the [audit trail](security.md#audit-trail). `exports`: exports. `all`: also ' +
      'comparisons, the changes of restores, and what is looked at in backups and databases',
  },
  OVNCP_INTROSPECTION: {
    section: 'ACCESS',
    takes: '`true`, `false`',
    meaning: '`false` hides the GraphQL schema, also from the IDE',
  },
  OVNCP_RATE_PER_TOKEN_PER_MINUTE: {
    section: 'LIMITS',
    takes: 'requests a minute, 0 to 10000000',
    meaning:
      'Of one token. An operation on a WebSocket counts as a request. 0 is no limit. `X-RateLimit-*` headers say how ' +
      'many are left',
  },
  OVNCP_RATE_PER_ADDRESS_PER_MINUTE: {
    section: 'LIMITS',
    takes: 'requests a minute, 0 to 10000000',
    meaning: 'Of one address. 0 is no limit',
  },
  OVNCP_FAILED_LOGINS_PER_MINUTE: {
    section: 'LIMITS',
    takes: 'failed logins a minute, 0 to 10000000',
    meaning:
      'After so many failed logins a minute, all requests of that address that carry a token are refused. 0 is no ' +
      'limit',
  },
  OVNCP_CONNECTIONS_MAX: {
    section: 'LIMITS',
    takes: 'connections, 1 to 1000000',
    meaning: 'Open connections in all',
  },
  OVNCP_SOCKETS_PER_ADDRESS_MAX: {
    section: 'LIMITS',
    takes: 'WebSockets, 1 to 500',
    meaning: 'Open WebSockets of one address',
  },
  OVNCP_UPLOAD_BYTES_MAX: {
    section: 'LIMITS',
    takes: 'bytes, 1024 to 1099511627776',
    meaning: 'Size of an uploaded file, and of what it unpacks to',
  },
  OVNCP_BODY_BYTES_MAX: {
    section: 'LIMITS',
    takes: 'bytes, 1024 to 536870912',
    meaning:
      'Size of a JSON body in GraphQL, also of `importBackup(data:)`, if the token has `backups:write`. Otherwise it ' +
      'is 8 MiB. In REST it is always 8 MiB; imports are uploads',
  },
  OVNCP_DRILLS_AT_ONCE: {
    section: 'LIMITS',
    takes: 'drills, 1 to 8',
    meaning:
      'How many [drills](restoring.md#prove-that-a-backup-can-be-restored) run at the same time. Others wait for ' +
      'their turn',
  },
  OVNCP_DRILL_SECONDS_MAX: {
    section: 'LIMITS',
    takes: 'seconds, 1 to 86400',
    meaning: 'How long a drill may take, without waiting for its turn',
  },
  OVNCP_DRILL_MEMORY_BYTES_MAX: {
    section: 'LIMITS',
    takes: 'bytes, 1048576 to 1099511627776',
    meaning: 'Memory of the programs that one drill runs, together',
  },
};
