/** A client of the REST face: fetch, with the token and nothing else that curl would not send. */
import type { ApiClient } from './api-client.js';

export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The body, parsed. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface RestRequest {
  readonly method?: string;
  /** A string or bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class RestClient {
  constructor(
    readonly url: string,
    /** Undefined: none is sent. */
    readonly token: string | undefined,
  ) {}

  static of(client: ApiClient): RestClient {
    return new RestClient(client.url, client.token);
  }

  /** @param path from the server's root on */
  async fetch(path: string, { method = 'GET', body, headers = {} }: RestRequest = {}): Promise<Response> {
    const authorization: Record<string, string> =
      this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
    const isPlain =
      body === undefined || typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
    return fetch(`${this.url}${path}`, {
      method,
      headers: { ...authorization, ...headers },
      ...(body === undefined
        ? {}
        : { body: isPlain ? (body as string | Uint8Array<ArrayBuffer> | FormData) : JSON.stringify(body) }),
    });
  }

  async send(path: string, request: RestRequest = {}): Promise<RestAnswer> {
    const response = await this.fetch(path, request);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text) as Record<string, unknown> };
  }

  get(path: string, headers?: Readonly<Record<string, string>>): Promise<RestAnswer> {
    return this.send(path, headers === undefined ? {} : { headers });
  }

  post(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<RestAnswer> {
    return this.send(path, { method: 'POST', body, headers });
  }
}
