/**
 * Authentication: what an Authorization header says about who is asking. A token is a static
 * one from the token file, or a JWT (RFC 7519) signed with the shared secret or with a key of
 * the configured key set; each kind accepts only its own algorithms.
 */

import type { JWTPayload, JWTVerifyOptions } from 'jose';
import { errors as joseErrors, jwtVerify } from 'jose';
import type { Clock } from '../lib/clock.js';
import { defined } from '../lib/defined.js';
import { AppError } from '../lib/error.js';
import type { Log } from '../lib/log.js';
import type { KeySetDeadlines } from './key-set.js';
import { remoteKeys } from './key-set.js';
import { looksOwn, OWN_NAME_FAULT } from './own-name.js';
import type { Permission, Viewer } from './permission.js';
import { isPermission, ROLES, viewerOf } from './permission.js';
import { TokenFile } from './token-file.js';

export interface Authenticator {
  /**
   * @param authorization the header's value, "Bearer <token>"
   * @throws AppError UNAUTHENTICATED, or IDENTITY_UNAVAILABLE when a JWT cannot be checked as its keys are out of reach
   */
  authenticate(authorization: string | undefined): Promise<Viewer>;
}

export interface AuthenticatorOptions {
  readonly jwtSecret?: string;
  readonly jwksUrl?: string;
  readonly keySet?: KeySetDeadlines;
  readonly jwtIssuer?: string;
  readonly jwtAudience?: string;
  readonly tokensFile?: string;
  /** The file is made later: until then none of its tokens is taken. */
  readonly tokensFileMayCome?: boolean;
  readonly log: Log;
  readonly clock: Clock;
}

const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'];
const KEY_SET_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_TOLERANCE_SECONDS = 30;
const TOKEN_CHARACTERS_MAX = 16_384;
/** More is not looked at to say what is wrong. */
const FAULT_CHARACTERS_MAX = 64;
const RETRY_AFTER_SECONDS = 10;
const NOT_VALID = 'The token is not valid: send one that this server knows, as "Authorization: Bearer <token>"';
const CLOSED = 'Static tokens are not taken now: the server cannot trust its file of tokens, and its log says why';
const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;
const JWT_SHAPE = /^[\w-]+\.[\w-]+\.[\w-]*$/;
// What may stand in a log line, a manifest and a transaction's comment.
const SUBJECT = /^[\x20-\x21\x23-\x7e]{1,256}$/;

type VerifyJwt = (token: string) => Promise<JWTPayload>;

/**
 * @throws Error when the token file cannot be read or is not valid
 */
export async function createAuthenticator(options: AuthenticatorOptions): Promise<Authenticator> {
  const { tokensFile, tokensFileMayCome, log } = options;
  const file = tokensFile === undefined ? undefined : await TokenFile.open(tokensFile, log, tokensFileMayCome);
  const verify = jwtVerifier(options);
  return {
    async authenticate(authorization) {
      const token = bearerToken(authorization);
      const entry = await file?.find(token);
      if (entry !== undefined) {
        if (entry.expiresAtMs !== undefined && entry.expiresAtMs <= options.clock.now())
          throw refusal('The token has expired: get a new one');
        const { name, permissions, expiresAtMs, databases } = entry;
        return viewerOf(name, permissions, defined({ expiresAtMs, databases }));
      }
      if (verify === undefined || !JWT_SHAPE.test(token)) throw refusal(file?.isClosed === true ? CLOSED : NOT_VALID);
      return viewerOfClaims(await checkedPayload(verify, token, options.log));
    },
  };
}

function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined || authorization.trim() === '') {
    throw refusal('No token: send the header "Authorization: Bearer <token>"');
  }
  const token = authorization.length > TOKEN_CHARACTERS_MAX ? undefined : BEARER.exec(authorization)?.[1];
  if (token === undefined) throw refusal(headerFault(authorization.slice(0, FAULT_CHARACTERS_MAX)));
  return token;
}

/** Of what was written only a word that is no token is repeated. */
function headerFault(authorization: string): string {
  if (/^Bearer +Bearer\b/i.test(authorization))
    return (
      'The Authorization header has the word Bearer twice: write "Bearer <token>". A form that adds the word itself ' +
      'takes the token alone'
    );
  if (/^(?:Bearer +)?["'<]/i.test(authorization))
    return 'The Authorization header has quotes or brackets around the token: write "Bearer <token>" without them';
  if (/^Bearer *$/i.test(authorization))
    return 'The Authorization header has no token after the word Bearer: write "Bearer <token>"';
  const scheme = /^(?:Basic|Digest|Negotiate|Token|ApiKey)(?= )/i.exec(authorization)?.[0];
  if (scheme !== undefined)
    return `The Authorization header is of the kind ${scheme}, which is not taken here: write "Bearer <token>"`;
  return 'The Authorization header is malformed: write "Bearer <token>"';
}

function jwtVerifier(options: AuthenticatorOptions): VerifyJwt | undefined {
  const rules: JWTVerifyOptions = {
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['sub'],
    ...defined({ issuer: options.jwtIssuer, audience: options.jwtAudience }),
  };
  const now = (): Date => new Date(options.clock.now());
  if (options.jwtSecret !== undefined) {
    const secret = new TextEncoder().encode(options.jwtSecret);
    return async (token) =>
      (await jwtVerify(token, secret, { ...rules, currentDate: now(), algorithms: SECRET_ALGORITHMS })).payload;
  }
  if (options.jwksUrl !== undefined) {
    const keys = remoteKeys(new URL(options.jwksUrl), options.clock, options.keySet);
    return async (token) =>
      (await jwtVerify(token, keys, { ...rules, currentDate: now(), algorithms: KEY_SET_ALGORITHMS })).payload;
  }
  return undefined;
}

/** Says only what the sender can act on; the rest of what is wrong with a token is nobody's business. */
async function checkedPayload(verify: VerifyJwt, token: string, log: Log): Promise<JWTPayload> {
  try {
    return await verify(token);
  } catch (error) {
    if (error instanceof joseErrors.JWTExpired) throw refusal('The token has expired: get a new one', error);
    if (error instanceof joseErrors.JWTClaimValidationFailed) {
      const claim = ['iss', 'aud', 'sub', 'nbf', 'iat', 'exp'].includes(error.claim) ? error.claim : 'a claim';
      throw refusal(`The token is not valid here: its "${claim}" is missing or not accepted`, error);
    }
    if (isOurTrouble(error)) {
      log.error({ err: error }, 'the key set at OVNCP_JWKS_URL cannot be fetched');
      throw new AppError(
        'IDENTITY_UNAVAILABLE',
        'The token cannot be checked now: the key set is out of reach; try again',
        { cause: error, retryAfterSeconds: RETRY_AFTER_SECONDS },
      );
    }
    throw refusal(NOT_VALID, error);
  }
}

/** The key set could not be fetched, in contrast to: the token is wrong. */
function isOurTrouble(error: unknown): boolean {
  if (!(error instanceof joseErrors.JOSEError)) return true;
  return (
    error instanceof joseErrors.JWKSTimeout ||
    error instanceof joseErrors.JWKSInvalid ||
    error.code === 'ERR_JOSE_GENERIC'
  );
}

function viewerOfClaims(claims: JWTPayload): Viewer {
  const subject = claims.sub;
  // whatever JSON holds can come in a token: a number is no subject
  if (typeof subject !== 'string' || !SUBJECT.test(subject))
    throw refusal('The token is not valid here: its "sub" is missing or not accepted');
  if (looksOwn(subject)) throw refusal(`The token is not valid here: its "sub" ("${subject}") ${OWN_NAME_FAULT}`);
  const granted = new Set<Permission>();
  for (const name of [...words(claims['permissions']), ...words(claims['scope'])])
    if (isPermission(name)) granted.add(name);
  for (const role of words(claims['roles'])) {
    for (const permission of Object.hasOwn(ROLES, role) ? (ROLES[role] ?? []) : []) granted.add(permission);
  }
  return viewerOf(
    subject,
    granted,
    defined({
      expiresAtMs: claims.exp === undefined ? undefined : claims.exp * 1000,
      databases: databasesOfClaims(claims),
    }),
  );
}

/** A claim that names no database limits the token to none: whoever wrote it meant to limit it. */
function databasesOfClaims(claims: JWTPayload): ReadonlySet<string> | undefined {
  return Object.hasOwn(claims, 'databases') ? new Set(words(claims['databases'])) : undefined;
}

function words(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((word) => word !== '');
  return Array.isArray(claim) ? claim.filter((word): word is string => typeof word === 'string') : [];
}

function refusal(message: string, cause?: unknown): AppError {
  return new AppError('UNAUTHENTICATED', message, { cause });
}
