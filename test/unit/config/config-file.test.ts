/** The file that OVNCP_CONFIG names: every fault with its line and column, no secret told, and the environment wins. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, loadConfig } from '../../../src/config/config.js';
import { ConfigError } from '../../../src/config/config-error.js';
import { backupPathOf, tokensFileOf } from '../../../src/config/server-folder.js';
import { keyOf, NAMES } from '../../../src/config/setting.js';
import type { Environment } from '../../../src/config/settings.js';

let folder: string;
let file: string;
let pem: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-file-'));
  file = join(folder, 'ovncp.yaml');
  pem = join(folder, 'key.pem');
  writeFileSync(pem, 'pem');
});
afterAll(() => rmSync(folder, { recursive: true }));

const SECRET = 'correct-horse-battery-staple-and-more';

function write(text: string, mode = 0o600): void {
  writeFileSync(file, text);
  chmodSync(file, mode);
}

const load = (text: string, env: Environment = {}): Config => {
  write(text);
  return loadConfig({ OVNCP_CONFIG: file, ...env });
};

/** Without the name of the file. */
function faultsOf(text: string, env: Environment = {}): readonly string[] {
  try {
    load(text, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map((fault) => fault.replaceAll(file, 'FILE'));
    throw error;
  }
  return [];
}

const TWO = `
databases:
  - id: eu
    label: Europe
    remotes: tcp:10.0.0.1:6641, tcp:10.0.0.2:6641
  - id: us
    default: true
    schema: OVN_IC_Northbound
    remotes:
      - ssl:[fd00::1]:6641
    ssl: { privateKey: PEM, certificate: PEM, caCertificate: PEM }
    runtimeKeys: ["NB_Global.external_ids:a,b"]
`;

describe('the configuration file', () => {
  it('has a key for each variable but the one that names the file', () => {
    const keys = NAMES.filter((name) => name !== 'OVNCP_CONFIG').map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toEqual(expect.arrayContaining(['host', 'port', 'backupPath', 'ratePerTokenPerMinute', 'ovnNbDb']));
  });

  it('says what the variables say, as text or as YAML has it', () => {
    const config = load(`
host: 0.0.0.0
port: 4001
backupPath: "/srv/b"
introspection: false
corsOrigins: [https://a.example, https://b.example]
trustedProxies: 10.0.0.0/8, ::1
ratePerTokenPerMinute: '7'
metricsPort:
`);
    expect(config).toMatchObject({
      host: '0.0.0.0',
      port: 4001,
      backupPath: '/srv/b',
      introspection: false,
      traffic: {
        corsOrigins: ['https://a.example', 'https://b.example'],
        trustedProxies: ['10.0.0.0/8', '::1'],
        perTokenPerMinute: 7,
      },
    });
    expect(config.metricsPort).toBeUndefined();
    expect(config.databases).toEqual(loadConfig({}).databases);
  });

  it('may be empty, begin with a byte-order mark, and have comments only', () => {
    for (const text of ['', '\ufeff', '# nothing\n', '---\n']) expect(load(text)).toEqual(loadConfig({}));
  });

  it('names databases', () => {
    const { databases } = load(TWO.replaceAll('PEM', pem));
    expect(databases).toMatchObject([
      { id: 'eu', label: 'Europe', isDefault: false, schemaName: 'OVN_Northbound', runtimeKeys: [] },
      {
        id: 'us',
        label: 'us',
        isDefault: true,
        schemaName: 'OVN_IC_Northbound',
        ssl: { privateKeyFile: pem, certificateFile: pem, caCertificateFile: pem },
        runtimeKeys: [{ table: 'NB_Global', column: 'external_ids', key: 'a,b' }],
      },
    ]);
    expect(databases.map(({ remotes }) => remotes.map(({ text }) => text))).toEqual([
      ['tcp:10.0.0.1:6641', 'tcp:10.0.0.2:6641'],
      ['ssl:[fd00::1]:6641'],
    ]);
    expect(databases.every((database) => Object.isFrozen(database) && Object.isFrozen(database.remotes))).toBe(true);
  });

  it('takes the first database for the default one where none is', () => {
    const { databases } = load('databases: [{id: b, remotes: "unix:/b"}, {id: a, remotes: "unix:/a"}]');
    expect(databases.map(({ id, isDefault }) => [id, isDefault])).toEqual([
      ['b', true],
      ['a', false],
    ]);
  });

  it('knows what stands behind an anchor', () => {
    const { databases } = load(
      `databases:\n  - &a {id: a, remotes: "ssl:a:1", ssl: &pem {privateKey: ${pem}, certificate: ${pem}, ` +
        `caCertificate: ${pem}}}\n  - {id: b, remotes: "ssl:b:1", ssl: *pem}\n`,
    );
    expect(databases[1]?.ssl).toEqual(databases[0]?.ssl);
  });

  it('gives way to the environment', () => {
    const config = load('port: 4001\nhost: ::1\n', { PORT: '4002' });
    expect(config).toMatchObject({ port: 4002, host: '::1' });
  });

  it('gives way to the variables of the one database', () => {
    const { databases } = load('databases: [{id: eu, label: Europe, remotes: "unix:/a", schema: Open_vSwitch}]', {
      OVN_NB_DB: 'unix:/b',
      OVNCP_RUNTIME_KEYS: 'Bridge.external_ids:beat',
    });
    expect(databases).toMatchObject([
      {
        id: 'eu',
        label: 'Europe',
        schemaName: 'Open_vSwitch',
        remotes: [{ path: '/b' }],
        runtimeKeys: [{ table: 'Bridge', column: 'external_ids', key: 'beat' }],
        settings: { remotes: 'OVN_NB_DB' },
      },
    ]);
  });

  it('tells every fault, its own and those of the environment', () => {
    expect(
      faultsOf('port: 70000\nhots: a\ndatabases:\n  - id: A\n    remote: unix:/a\n', { LOG_LEVEL: 'loud' }),
    ).toEqual([
      'FILE:2:1: hots: is not known; did you mean host?',
      expect.stringMatching(/^FILE:4:9: databases\[0\]\.id: "A" is not an id; use small letters/),
      'FILE:4:5: databases[0].remotes: takes remotes: one, several separated by commas, or a list',
      'FILE:5:5: databases[0].remote: is not known; did you mean remotes?',
      'FILE:1:7: port: "70000" is not a whole number from 0 to 65535; write digits alone, without a unit',
      'LOG_LEVEL: "loud" is not a level; use one of trace, debug, info, warn, error, fatal, silent',
    ]);
  });

  it.each([
    ['host: a\nhost: b\n', /^FILE:2:1: is not YAML: Map keys must be unique$/],
    ['host: "a\n', /^FILE:2:1: is not YAML: Missing closing$/],
    ['a: b: c\n', /^FILE:1:4: is not YAML: Nested mappings are not allowed in compact mappings$/],
    ['\thost: a\n', /^FILE:1:1: is not YAML/],
    ['- host\n', /^FILE:1:1: is no list of settings; write lines such as "port: 4000"$/],
    ['host\n', /^FILE:1:1: is no list of settings/],
    ['Port: 4000\n', /^FILE:1:1: Port: is not known; did you mean port\?$/],
    ['OVNCP_STATE_PATH: /x\n', /^FILE:1:1: OVNCP_STATE_PATH: is not known; did you mean statePath\?$/],
    ['config: /x\n', /^FILE:1:1: config: is not known/],
    ['zzz: 1\n', /^FILE:1:1: zzz: is not known; docs\/configuration.md lists what there is$/],
    ['port: [1, 2]\n', /^FILE:1:7: port: takes one value, and nothing nested$/],
    ['host: {a: b}\n', /^FILE:1:7: host: takes one value, and nothing nested$/],
    ['port: 1e3\n', /^FILE:1:7: port: "1e3" is not a whole number/],
    ['port: 0x10\n', /^FILE:1:7: port: "0x10" is not a whole number/],
    ['introspection: yes\n', /^FILE:1:16: introspection: "yes" is neither true nor false/],
    ['corsOrigins:\n  - https://a.example\n  - a,b\n', /^FILE:3:5: corsOrigins\[1\]: "a,b" has a comma/],
    ['corsOrigins: [[]]\n', /^FILE:1:15: corsOrigins\[0\]: is no text$/],
    ['tlsCert: /nowhere.pem\ntlsKey: PEM\n', /^FILE:1:10: tlsCert: "\/nowhere.pem" cannot be read \(ENOENT/],
    ['tlsCert: PEM\n', /^OVNCP_TLS_KEY: is not set; the two belong together/],
    ['metricsPort: 4000\n', /^FILE:1:14: metricsPort: is PORT; leave it out/],
    [
      'jwksUrl: https://me:hunter2@k.example/\njwtSecret: SECRET\n',
      /^FILE:1:10: jwksUrl: is set together with jwtSecret;/,
    ],
    ['jwtIssuer: a\n', /^FILE:1:12: jwtIssuer: has no effect alone/],
    ['ovnDbName: Open_vSwitch\n', /^OVN_NB_DB: is not set; ovnDbName names another database/],
    ['databases:\n', /^FILE:1:11: databases: takes a list of databases, one at least/],
    ['databases: []\n', /^FILE:1:12: databases: takes a list of databases, one at least/],
    ['databases: {id: a}\n', /^FILE:1:12: databases: takes a list of databases/],
    ['databases:\n  - eu\n', /^FILE:2:5: databases\[0\]: "eu" takes id, remotes and so on$/],
    ['databases:\n  - remotes: unix:/a\n', /^FILE:2:5: databases\[0\]\.id: is missing; give the database an id/],
    ['databases:\n  - id: a\n    remotes: []\n', /^FILE:3:14: databases\[0\]\.remotes: is missing; say where/],
    [
      'databases:\n  - id: a\n    remotes: 10.0.0.1\n',
      /^FILE:3:14: databases\[0\]\.remotes: "10.0.0.1" is not a remote: did/,
    ],
    [
      'databases:\n  - id: a\n    remotes: unix:/a\n    schema: a b\n',
      /^FILE:4:13: databases\[0\]\.schema: "a b" is not/,
    ],
    [
      'databases:\n  - id: a\n    remotes: unix:/a\n    default: maybe\n',
      /^FILE:4:14: .*default: "maybe" takes true or false$/,
    ],
    [
      'databases:\n  - id: a\n    remotes: ssl:a:1\n',
      /^FILE:2:5: databases\[0\]\.ssl: is missing; remotes has an ssl: remote/,
    ],
    [
      'databases:\n  - id: a\n    remotes: ssl:a:1\n    ssl: {privateKey: PEM, certificate: PEM}\n',
      /^FILE:4:10: databases\[0\]\.ssl\.caCertificate: is missing; the three belong together$/,
    ],
    [
      'databases:\n  - id: a\n    remotes: ssl:a:1\n    ssl: {privatekey: PEM, privateKey: PEM, certificate: PEM, caCertificate: PEM}\n',
      /^FILE:4:11: databases\[0\]\.ssl\.privatekey: is not known; did you mean privateKey\?$/,
    ],
    [
      'databases:\n  - id: a\n    remotes: unix:/a\n    runtimeKeys: [NB_Global.a]\n',
      /^FILE:4:18: .*runtimeKeys: "NB_Global.a" is not a key/,
    ],
    [
      'databases:\n  - {id: a, remotes: "unix:/a"}\n  - {id: a, remotes: "unix:/b"}\n',
      /^FILE:3:10: databases\[1\]\.id: "a" is the id of/,
    ],
    [
      'databases:\n  - {id: a, remotes: "unix:/a"}\n  - {id: b, remotes: "unix:/a"}\n',
      /^FILE:3:22: .*: "unix:\/a" are those of database a/,
    ],
    [
      'databases:\n  - {id: a, remotes: "unix:/a", default: true}\n  - {id: b, remotes: "unix:/b", default: true}\n',
      /^FILE:3:42: databases\[1\]\.default: is true of database a already/,
    ],
    [
      'runtimeKeys: A.b:c\ndatabases: [{id: a, remotes: "unix:/a"}]\n',
      /^FILE:1:14: runtimeKeys: stands beside databases/,
    ],
  ])('refuses %j', (text, fault) => {
    const faults = faultsOf(text.replaceAll('PEM', pem).replaceAll('SECRET', SECRET));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(fault);
  });

  it('refuses a variable of one database where it names several', () => {
    const text = TWO.replaceAll('PEM', pem);
    expect(faultsOf(text, { OVN_NB_DB: 'unix:/b', OVN_DB_NAME: 'Open_vSwitch' })).toEqual([
      'OVN_NB_DB: is set, and FILE has 2 databases: it is not clear which one is meant. Say it there',
      'OVN_DB_NAME: is set, and FILE has 2 databases: it is not clear which one is meant. Say it there',
    ]);
  });

  it('is not read where others can change it, and not with a secret where everybody can read it', () => {
    const faults = (mode: number, text: string): readonly string[] => {
      write(text, mode);
      try {
        loadConfig({ OVNCP_CONFIG: file });
      } catch (error) {
        return (error as ConfigError).faults;
      }
      return [];
    };
    expect(faults(0o664, '')[0]).toMatch(/can be changed by others than its owner \(mode 0664\)/);
    expect(faults(0o644, `jwtSecret: ${SECRET}`)[0]).toMatch(/:1:12: jwtSecret: is a secret, and everybody can read/);
    expect(faults(0o640, `jwtSecret: ${SECRET}`)).toEqual([]);
    expect(faults(0o644, 'port: 1')).toEqual([]);
  });

  it('is named where it cannot be read', () => {
    const faults = (path: string): readonly string[] => {
      try {
        loadConfig({ OVNCP_CONFIG: path });
      } catch (error) {
        return (error as ConfigError).faults;
      }
      return [];
    };
    expect(faults('/nowhere/x.yaml')).toEqual([
      expect.stringMatching(/^OVNCP_CONFIG: "\/nowhere\/x.yaml" cannot be read/),
    ]);
    expect(faults(folder)).toEqual([`The configuration file ${folder} is not a file`]);
  });

  it.each([
    `jwtSecret: *${SECRET}\n`,
    `jwtSecret: "${SECRET}\\q"\n`,
    `jwtSecret: !${SECRET} a\n`,
    `jwtSecret: '${SECRET}' ${SECRET}\n`,
    `jwtSecret: [${SECRET}]\n`,
    'jwtSecret: correct-horse-battery\n',
    `jwtSecret: "${SECRET}`,
    `port: 1\n  jwtSecret: ${SECRET}\n`,
  ])('never tells a secret: %s', (text) => {
    const faults = faultsOf(text);
    expect(faults).not.toEqual([]);
    expect(faults.join('\n')).not.toMatch(/horse/);
  });

  it('cannot be made to take all memory', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map(
        (key, i) =>
          `${key}: &${key} [${Array(9)
            .fill(`*${'abcdefgh'[i] ?? ''}`)
            .join(',')}]`,
      ),
    ];
    expect(faultsOf(`${bomb.join('\n')}\n`)).toEqual([expect.stringMatching(/has too many values/)]);
    expect(faultsOf('a: &a [*a]\n')).toEqual([expect.stringMatching(/is nested too deep|is not YAML/)]);
  });

  it('tells the commands where the folder and the tokens are', () => {
    write('backupPath: /srv/b\nport: rubbish\n');
    expect(backupPathOf({ OVNCP_CONFIG: file })).toBe('/srv/b');
    expect(tokensFileOf({ OVNCP_CONFIG: file })).toEqual({
      path: '/srv/b/tokens.json',
      setting: `backupPath in ${file}`,
      isSet: true,
      isUsed: true,
    });
    expect(backupPathOf({ OVNCP_CONFIG: file, BACKUP_PATH: '/srv/c' })).toBe('/srv/c');
    write(`tokensFile: /etc/t.json\njwtSecret: ${SECRET}\n`);
    expect(tokensFileOf({ OVNCP_CONFIG: file })).toMatchObject({ path: '/etc/t.json', isUsed: true });
    write('backup: [');
    expect(() => backupPathOf({ OVNCP_CONFIG: file })).toThrow(/is not YAML/);
  });
});
