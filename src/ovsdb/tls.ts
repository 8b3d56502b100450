/**
 * What ssl: remotes need: the identity that we show, read from its files anew for every connection, since
 * certificates are renewed on disk; and OpenSSL's complaints in words that say whose certificate is meant.
 */
import { errnoOf, messageOf } from '../lib/error.js';
import { type KeyPairFiles, readAuthority, readKeyPair } from '../lib/key-pair.js';
import type { TlsIdentity } from './connection.js';

export interface TlsIdentityFiles extends KeyPairFiles {
  readonly caCertificateFile: string;
}

/** @throws Error that names the file and what is wrong with it */
export async function readTlsIdentity(files: TlsIdentityFiles): Promise<TlsIdentity> {
  const [{ privateKey, certificate }, caCertificate] = await Promise.all([
    readKeyPair(files),
    readAuthority(files.caCertificateFile),
  ]);
  return { privateKey, certificate, caCertificate };
}

const NOT_SIGNED = "the server's certificate is not signed by our CA certificate (OVNCP_SSL_CA_CERT)";
const REFUSED = 'the server refuses our certificate (OVNCP_SSL_CERTIFICATE)';

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
  CERTIFICATE_REQUIRED: 'the server wants a certificate of ours and got none (OVNCP_SSL_CERTIFICATE)',
  CERTIFICATE_EXPIRED: `${REFUSED}: it has expired`,
  CERTIFICATE_REVOKED: `${REFUSED}: it has been revoked`,
  UNSUPPORTED_CERTIFICATE: `${REFUSED}: it is not meant for clients`,
  BAD_CERTIFICATE: REFUSED,
  CERTIFICATE_UNKNOWN: REFUSED,
  HANDSHAKE_FAILURE: 'the server agrees on nothing with us: it may want a certificate of ours, or other ciphers',
  PROTOCOL_VERSION: 'the server speaks no version of TLS that we do (1.2 and 1.3)',
};

/** What an error of a TLS connection means, with OpenSSL's own words behind it; undefined when it is not of TLS. */
export function tlsProblem(error: unknown): string | undefined {
  const code = errnoOf(error);
  if (code === undefined) return undefined;
  if (code === 'ECONNRESET' && messageOf(error).includes('before secure TLS'))
    return 'hung up on the TLS handshake: if the server speaks no TLS there, write tcp: for it';
  const alert = /_ALERT_(\w+)$/.exec(code)?.[1];
  const meaning = OURS[code] ?? (alert === undefined ? undefined : THEIRS[alert]);
  const { reason, message } = error as { readonly reason?: unknown; readonly message?: unknown };
  // the whole message names source files of OpenSSL
  const words = typeof reason === 'string' ? reason : String(message);
  if (meaning !== undefined) return `${meaning} (${words})`;
  return code.startsWith('ERR_SSL_') ? `TLS failed: ${words}` : undefined;
}
