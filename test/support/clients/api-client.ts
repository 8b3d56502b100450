/**
 * A typed client of the API, over the real wire: fetch for queries, mutations and uploads, graphql-ws for
 * subscriptions. The documents are the generated ones.
 */
import { createClient } from 'graphql-ws';
import { type JWTPayload, SignJWT } from 'jose';
import { WebSocket } from 'ws';
import type { ImportBackupInput, ImportBackupMutation, TypedDocumentString } from './generated/graphql.js';
import { ImportBackupDocument } from './generated/graphql.js';

/** Tokens of the tests are signed with it. */
export const JWT_SECRET = 'the secret of the API tests: 32 bytes or more';

export interface ApiError {
  readonly message: string;
  readonly extensions: {
    readonly code?: unknown;
    readonly problems?: readonly { code: string; message: string; table?: string; label?: string }[];
  };
}

export interface Answer<T> {
  readonly status: number;
  /** The body as it came. */
  readonly text: string;
  readonly data: T | null | undefined;
  readonly errors: readonly ApiError[];
}

export interface UploadFile {
  readonly bytes: Uint8Array;
  readonly name?: string;
}

/** A bearer token with these permissions; admin if none is named. */
export async function tokenWith(...permissions: readonly string[]): Promise<string> {
  return tokenOf({ sub: 'tester', permissions: permissions.length === 0 ? ['admin'] : permissions });
}

/** A bearer token with these claims. */
export async function tokenOf(claims: JWTPayload): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(JWT_SECRET));
}

export class ApiClient {
  constructor(
    readonly url: string,
    /** Undefined: none is sent. */
    readonly token: string | undefined,
  ) {}

  /** What came back, errors included. */
  async send<T, V>(document: TypedDocumentString<T, V> | string, variables?: V): Promise<Answer<T>> {
    const body = JSON.stringify({ query: String(document), variables });
    return answerOf(
      await fetch(`${this.url}/graphql`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...this.bearer() },
      }),
    );
  }

  /** The data. @throws Error with the whole answer when there are errors */
  async run<T, V>(document: TypedDocumentString<T, V>, variables?: V): Promise<T> {
    return dataOf(await this.send(document, variables));
  }

  /** The code of the one error that is expected. @throws Error when there is none */
  async codeOf<T, V>(document: TypedDocumentString<T, V> | string, variables?: V): Promise<unknown> {
    return codeIn(await this.send(document, variables));
  }

  /** importBackup with a file, as a GraphQL multipart request. */
  async sendFile(input: ImportBackupInput, file: UploadFile): Promise<Answer<ImportBackupMutation>> {
    const form = new FormData();
    form.set(
      'operations',
      JSON.stringify({ query: String(ImportBackupDocument), variables: { input: { ...input, file: null } } }),
    );
    form.set('map', JSON.stringify({ '0': ['variables.input.file'] }));
    form.set('0', new Blob([new Uint8Array(file.bytes)]), file.name ?? 'backup.bin');
    return answerOf(
      await fetch(`${this.url}/graphql`, {
        method: 'POST',
        body: form,
        headers: { 'apollo-require-preflight': 'true', ...this.bearer() },
      }),
    );
  }

  async importFile(input: ImportBackupInput, file: UploadFile): Promise<ImportBackupMutation['importBackup']> {
    return dataOf(await this.sendFile(input, file)).importBackup;
  }

  /**
   * The events of a subscription, on a socket of its own that is closed when the reader leaves.
   * @throws (while reading) Error with GraphQL's errors or the reason why the socket was closed
   */
  async *follow<T, V extends Record<string, unknown>>(
    document: TypedDocumentString<T, V>,
    variables: V,
  ): AsyncGenerator<T, void, undefined> {
    const client = createClient({
      url: `${this.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: this.bearer(),
    });
    const events = client.iterate<T>({ query: String(document), variables });
    try {
      for await (const { data, errors } of events) {
        if (errors !== undefined || data === null || data === undefined)
          throw new Error(JSON.stringify(errors ?? 'no data'));
        yield data;
      }
    } catch (error) {
      if (error instanceof Error) throw error;
      throw new Error(JSON.stringify(closeReason(error)), { cause: error });
    } finally {
      await client.dispose();
    }
  }

  /** All events up to the end. */
  async followed<T, V extends Record<string, unknown>>(
    document: TypedDocumentString<T, V>,
    variables: V,
  ): Promise<T[]> {
    const events: T[] = [];
    for await (const event of this.follow(document, variables)) events.push(event);
    return events;
  }

  private bearer(): Record<string, string> {
    return this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
  }
}

function closeReason(error: unknown): unknown {
  const { code, reason } = error as { code?: number; reason?: string };
  return code === undefined ? error : { code, reason };
}

async function answerOf<T>(response: Response): Promise<Answer<T>> {
  const text = await response.text();
  const body = JSON.parse(text) as { data?: T | null; errors?: readonly ApiError[] };
  return { status: response.status, text, data: body.data, errors: body.errors ?? [] };
}

export function dataOf<T>(answer: Answer<T>): T {
  if (answer.errors.length > 0 || answer.data === null || answer.data === undefined)
    throw new Error(`status ${answer.status}: ${answer.text}`);
  return answer.data;
}

/** @throws Error when the answer has no error, or more than one */
export function codeIn(answer: Answer<unknown>): unknown {
  const [error, ...more] = answer.errors;
  if (error === undefined || more.length > 0) throw new Error(`one error was expected: ${answer.text.slice(0, 2_000)}`);
  return error.extensions.code;
}
