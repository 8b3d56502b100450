/** Certificates for tests of TLS and ssl: remotes, made with the openssl command (Debian's openssl). */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../programs/programs.js';
import { environment, type ServerTls } from './ovsdb-server.js';

export interface TestCertificates {
  readonly caCertificate: string;
  /** For 127.0.0.1, ::1 and localhost. */
  readonly server: ServerTls;
  readonly client: ServerTls;
  /** A client of another authority, which the server refuses. */
  readonly stranger: ServerTls;
}

/** Makes an authority, a server and a client of it, and a stranger, as PEM files in the folder; valid for two days. */
export async function makeCertificates(folder: string): Promise<TestCertificates> {
  const authority = await makeAuthority(folder, AUTHORITY);
  const other = await makeAuthority(folder, 'other-ca');
  const [server, client, stranger] = await Promise.all([
    sign(folder, authority, { name: 'server' }),
    sign(folder, authority, { name: 'client' }),
    sign(folder, other, { name: 'stranger' }),
  ]);
  return { caCertificate: authority.certificate, server, client, stranger };
}

export interface CertificateWish {
  /** Of the files, and the common name. */
  readonly name: string;
  /** From now; below 0 it has expired. Default 2. */
  readonly days?: number;
  /** Lines of openssl's extensions; default: the loopback's names, and no authority. */
  readonly extensions?: string;
}

/** One more certificate of the authority, in a folder where makeCertificates has been. */
export async function makeCertificate(folder: string, wish: CertificateWish): Promise<ServerTls> {
  return sign(folder, authorityIn(folder, AUTHORITY), wish);
}

const AUTHORITY = 'ca';
const LOOPBACK = 'subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost\nbasicConstraints=CA:FALSE\n';

interface KeyPair {
  readonly privateKey: string;
  readonly certificate: string;
}

async function openssl(...words: string[]): Promise<void> {
  await run('openssl', words, { env: environment(), timeout: 30_000 });
}

function authorityIn(folder: string, name: string): KeyPair {
  return { privateKey: join(folder, `${name}-key.pem`), certificate: join(folder, `${name}.pem`) };
}

async function makeAuthority(folder: string, name: string): Promise<KeyPair> {
  const { privateKey, certificate } = authorityIn(folder, name);
  await openssl(
    ...[
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=test ${name}`,
    ],
    ...[
      '-addext',
      'basicConstraints=critical,CA:TRUE',
      '-addext',
      'keyUsage=critical,keyCertSign',
      '-keyout',
      privateKey,
      '-out',
      certificate,
    ],
  );
  return { privateKey, certificate };
}

async function sign(
  folder: string,
  authority: KeyPair,
  { name, days = 2, extensions: lines = LOOPBACK }: CertificateWish,
): Promise<ServerTls> {
  const [privateKey, request, certificate] = ['-key.pem', '.csr', '.pem'].map((end) => join(folder, name + end)) as [
    string,
    string,
    string,
  ];
  const extensions = join(folder, `${name}.ext`);
  await writeFile(extensions, lines);
  await openssl(
    ...[
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      `/CN=test ${name}`,
      '-keyout',
      privateKey,
      '-out',
      request,
    ],
  );
  await openssl(
    ...[
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      authority.certificate,
      '-CAkey',
      authority.privateKey,
      '-set_serial',
      String(1 + Math.floor(Math.random() * 2 ** 47)),
    ],
    ...['-days', String(days), '-extfile', extensions, '-out', certificate],
  );
  return { privateKey, certificate, caCertificate: authority.certificate };
}
