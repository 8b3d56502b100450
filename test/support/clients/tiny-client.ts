/** The client's side of the shell tests: tokens, posts, uploads and sockets. */
import { createClient } from 'graphql-ws';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { JWT_SECRET } from '../servers/tiny-server.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly { message: string; extensions: Record<string, unknown> }[];
}

/** A valid token of an admin called ann, unless claims say otherwise. */
export async function tokenOf(claims: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT({ sub: 'ann', roles: ['admin'], ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(JWT_SECRET));
}

/** Fetches with ann's token. */
export class TinyClient {
  private constructor(
    readonly url: string,
    readonly bearer: string,
  ) {}

  static async of(url: string): Promise<TinyClient> {
    return new TinyClient(url, `Bearer ${await tokenOf()}`);
  }

  async post(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return answerOf(
      await fetch(`${this.url}/graphql`, {
        method: 'POST',
        body: text,
        headers: { 'content-type': 'application/json', authorization: this.bearer, ...headers },
      }),
    );
  }

  async upload(
    form: FormData,
    headers: Record<string, string> = { 'apollo-require-preflight': 'true' },
  ): Promise<Answer> {
    return answerOf(
      await fetch(`${this.url}/graphql`, {
        method: 'POST',
        body: form,
        headers: { authorization: this.bearer, ...headers },
      }),
    );
  }

  /** Runs an operation to its end over a socket of its own. */
  async overSocket(
    query: string,
    params: Record<string, unknown> = { Authorization: this.bearer },
  ): Promise<SocketAnswer> {
    const client = createClient({
      url: `${this.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: params,
    });
    const results: unknown[] = [];
    try {
      for await (const result of client.iterate({ query })) results.push(result);
      return { results };
    } catch (failure) {
      return { results, failure: failure instanceof Error ? failure.message : failure };
    } finally {
      await client.dispose();
    }
  }

  /** An open socket that has not said connection_init yet. */
  async openSocket(headers: Record<string, string> = {}): Promise<WebSocket> {
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
    await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return socket;
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const body = JSON.parse(text === '' ? '{}' : text) as Pick<Answer, 'data' | 'errors'>;
  return { status: response.status, headers: response.headers, text, data: body.data, errors: body.errors ?? [] };
}

export const codesOf = (answer: Answer): unknown[] => answer.errors.map((error) => error.extensions['code']);

export interface SocketAnswer {
  readonly results: unknown[];
  readonly failure?: unknown;
}

export async function closeOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })));
}
