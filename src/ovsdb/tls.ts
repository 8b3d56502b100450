/**
 * What ssl: remotes need: the identity that we show, read from its files anew for every connection, since
 * certificates are renewed on disk; and OpenSSL's complaints in words that say whose certificate is meant.
 */
import { errnoOf, messageOf } from '../lib/error.js';
import { type KeyPairFiles, readAuthority, readKeyPair } from '../lib/key-pair.js';

/** What a person calls the settings that the certificates come from: messages name them. */
export interface TlsSettingNames {
  readonly certificate: string;
  readonly caCertificate: string;
}

/** PEM texts for ssl: remotes. */
export interface TlsIdentity {
  readonly privateKey: string;
  readonly certificate: string;
  readonly caCertificate: string;
  readonly settings?: TlsSettingNames | undefined;
}

export interface TlsIdentityFiles extends KeyPairFiles {
  readonly caCertificateFile: string;
}

/** @throws Error that names the file and what is wrong with it */
export async function readTlsIdentity(files: TlsIdentityFiles, settings?: TlsSettingNames): Promise<TlsIdentity> {
  const [{ privateKey, certificate }, caCertificate] = await Promise.all([
    readKeyPair(files),
    readAuthority(files.caCertificateFile),
  ]);
  return { privateKey, certificate, caCertificate, settings };
}

/** Where a message names a setting. */
const CERTIFICATE = '{certificate}';
const CA_CERTIFICATE = '{caCertificate}';

const NOT_SIGNED = `the server's certificate is not signed by our CA certificate${CA_CERTIFICATE}`;
const REFUSED = `the server refuses our certificate${CERTIFICATE}`;

/** Node's and OpenSSL's codes: what we do not accept of the server. */
const OURS: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: NOT_SIGNED,
  DEPTH_ZERO_SELF_SIGNED_CERT: NOT_SIGNED,
  UNABLE_TO_GET_ISSUER_CERT: NOT_SIGNED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_SIGNED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_SIGNED,
  CERT_SIGNATURE_FAILURE: NOT_SIGNED,
  CERT_HAS_EXPIRED: "the server's certificate, or that of its CA, has expired",
  CERT_NOT_YET_VALID: "the server's certificate, or that of its CA, is not valid yet: do the clocks agree?",
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS there: write tcp: for it, or name another port',
};

/** The end of an alert's code: what the server does not accept of us. */
const THEIRS: Readonly<Record<string, string>> = {
  UNKNOWN_CA: `${REFUSED}: it is not signed by the CA that the server trusts`,
  CERTIFICATE_REQUIRED: `the server wants a certificate of ours and got none${CERTIFICATE}`,
  CERTIFICATE_EXPIRED: `${REFUSED}: it has expired`,
  CERTIFICATE_REVOKED: `${REFUSED}: it has been revoked`,
  UNSUPPORTED_CERTIFICATE: `${REFUSED}: it is not meant for clients`,
  BAD_CERTIFICATE: REFUSED,
  CERTIFICATE_UNKNOWN: REFUSED,
  HANDSHAKE_FAILURE: 'the server agrees on nothing with us: it may want a certificate of ours, or other ciphers',
  PROTOCOL_VERSION: 'the server speaks no version of TLS that we do (1.2 and 1.3)',
};

/** What an error of a TLS connection means, with OpenSSL's own words behind it; undefined when it is not of TLS. */
export function tlsProblem(error: unknown, identity: TlsIdentity | undefined): string | undefined {
  const code = errnoOf(error);
  if (code === undefined) return undefined;
  if (code === 'ECONNRESET' && messageOf(error).includes('before secure TLS'))
    return 'hung up on the TLS handshake: if the server speaks no TLS there, write tcp: for it';
  const alert = /_ALERT_(\w+)$/.exec(code)?.[1];
  const meaning = OURS[code] ?? (alert === undefined ? undefined : THEIRS[alert]);
  const { reason, message } = error as { readonly reason?: unknown; readonly message?: unknown };
  // the whole message names source files of OpenSSL
  const words = typeof reason === 'string' ? reason : String(message);
  if (meaning !== undefined) return `${named(meaning, identity)} (${words})`;
  return code.startsWith('ERR_SSL_') ? `TLS failed: ${words}` : undefined;
}

/** What may be behind it when the server hangs up before it has answered: its reason may have got lost. */
export function hungUpProblem(identity: TlsIdentity | undefined): string {
  return named(`before it answered: it may refuse our certificate${CERTIFICATE}, its log says why`, identity);
}

function named(message: string, identity: TlsIdentity | undefined): string {
  const behind = (name: string | undefined): string => (name === undefined ? '' : ` (${name})`);
  return message
    .replace(CERTIFICATE, behind(identity?.settings?.certificate))
    .replace(CA_CERTIFICATE, behind(identity?.settings?.caCertificate));
}
