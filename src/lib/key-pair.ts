/**
 * A private key and its certificate, from PEM files, checked: a fault is told in words that name the file
 * and say what to do, where OpenSSL says "no start line". No message holds anything of the key.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { reasonOf } from './system-error.js';

export interface KeyPairFiles {
  readonly privateKeyFile: string;
  readonly certificateFile: string;
}

export interface KeyPair {
  /** PEM texts; the certificate may be followed by those that lead to its authority. */
  readonly privateKey: string;
  readonly certificate: string;
  /** The certificate itself. */
  readonly leaf: X509Certificate;
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/;
/** PKCS #8 says so in its first line, the older forms in a header. */
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/;

/** @throws Error in a sentence: unreadable, no PEM, protected by a passphrase, not a pair */
export async function readKeyPair({ privateKeyFile, certificateFile }: KeyPairFiles): Promise<KeyPair> {
  const [privateKey, certificate] = await Promise.all([readText(privateKeyFile), readText(certificateFile)]);
  const leaf = parseCertificate(certificate, certificateFile);
  if (!leaf.checkPrivateKey(parseKey(privateKey, privateKeyFile))) {
    throw new Error(
      `The key in "${privateKeyFile}" does not belong to the certificate in "${certificateFile}": of several ` +
        `certificates in one file the key's own comes first`,
    );
  }
  return { privateKey, certificate, leaf };
}

/** The PEM text of one or more certificates of authorities. @throws Error in a sentence */
export async function readAuthority(file: string): Promise<string> {
  const text = await readText(file);
  parseCertificate(text, file);
  return text;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`"${file}" cannot be read (${reasonOf(error)})`, { cause: error });
  }
}

function parseCertificate(text: string, file: string): X509Certificate {
  if (!CERTIFICATE.test(text))
    throw new Error(
      `"${file}" holds ` +
        (PRIVATE_KEY.test(text) ? 'a key and no certificate: are the files swapped?' : 'no certificate in PEM form'),
    );
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw new Error(`"${file}" holds a certificate that cannot be read: make the file again`, { cause: error });
  }
}

function parseKey(text: string, file: string): KeyObject {
  if (ENCRYPTED.test(text))
    throw new Error(
      `The key in "${file}" is protected by a passphrase, which nobody can type here: write it out without one ` +
        `(openssl pkey -in ... -out ...), readable by this server's user only`,
    );
  if (!PRIVATE_KEY.test(text))
    throw new Error(
      `"${file}" holds ` +
        (CERTIFICATE.test(text) ? 'a certificate and no key: are the files swapped?' : 'no private key in PEM form'),
    );
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new Error(`"${file}" holds a private key that cannot be read: make the file again`, { cause: error });
  }
}
