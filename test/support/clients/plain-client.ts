/**
 * A small OVSDB client for the tests, without a line of the product in it: what it reads is
 * the judge of what the product wrote. unix: and tcp: remotes only.
 */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { type ExactJson, isList, isObject, parseExact, printExact } from '../judge/exact-json.js';

const REPLY_TIMEOUT_MS = 120_000;
const CONNECT_TIMEOUT_MS = 10_000;

function address(remote: string): NetConnectOpts {
  if (remote.startsWith('unix:')) return { path: remote.slice('unix:'.length) };
  const match = /^tcp:(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(remote);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined)
    throw new Error(`the tests' client cannot connect to ${remote}: use unix:PATH or tcp:HOST:PORT`);
  return { host, port: Number(match?.[3]) };
}

/** Cuts a stream of bytes into JSON documents, looking at each byte once. */
export class Documents {
  private parts: Buffer[] = [];
  private depth = 0;
  private inString = false;
  private escaped = false;

  /** The documents that end in this chunk. */
  push(chunk: Buffer): string[] {
    const whole: string[] = [];
    let { depth, inString, escaped } = this;
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === 0x5c) escaped = true;
        else if (byte === 0x22) inString = false;
      } else if (byte === 0x22) inString = true;
      else if (byte === 0x7b || byte === 0x5b) depth++;
      else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) {
        this.parts.push(chunk.subarray(start, i + 1));
        whole.push(Buffer.concat(this.parts).toString('utf8'));
        this.parts = [];
        start = i + 1;
      }
    }
    if (start < chunk.length) this.parts.push(chunk.subarray(start));
    Object.assign(this, { depth, inString, escaped });
    return whole;
  }
}

interface Waiting {
  readonly resolve: (result: ExactJson) => void;
  readonly reject: (error: Error) => void;
}

/** One connection to an ovsdb-server. Close it when done. */
export class PlainClient implements AsyncDisposable {
  private readonly documents = new Documents();
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  private constructor(
    private readonly socket: Socket,
    private readonly remote: string,
  ) {
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const text of this.documents.push(chunk)) this.receive(parseExact(text));
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on('error', (error) => this.failAll(error));
    socket.on('close', () => this.failAll(new Error(`${remote} closed the connection`)));
  }

  static async open(remote: string, timeoutMs = CONNECT_TIMEOUT_MS): Promise<PlainClient> {
    const socket = connect(address(remote));
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => socket.destroy(new Error(`no connection to ${remote} within ${timeoutMs} ms`)),
        timeoutMs,
      );
      socket.once('connect', resolve).once('error', reject);
      socket.once('close', () => clearTimeout(timer)).once('connect', () => clearTimeout(timer));
    });
    return new PlainClient(socket, remote);
  }

  /**
   * The result of one request.
   * @throws Error when the server answers with an error, says nothing in time, or closes
   */
  async request(method: string, params: ExactJson, timeoutMs = REPLY_TIMEOUT_MS): Promise<ExactJson> {
    if (this.socket.destroyed) throw new Error(`the connection to ${this.remote} is closed`);
    const id = ++this.lastId;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<ExactJson>((resolve, reject) => {
        timer = setTimeout(
          () => reject(new Error(`${this.remote} did not answer ${method} within ${timeoutMs} ms`)),
          timeoutMs,
        );
        this.waiting.set(id, { resolve, reject });
        this.socket.write(printExact({ method, params, id }));
      });
    } finally {
      clearTimeout(timer);
      this.waiting.delete(id);
    }
  }

  /**
   * Runs operations in one transaction and gives their results, one each.
   * @throws Error that quotes the first error of the reply, also one that came at commit time
   */
  async transact(database: string, operations: readonly ExactJson[]): Promise<readonly ExactJson[]> {
    const results = await this.request('transact', [database, ...operations]);
    if (!isList(results)) throw new Error(`transact answered ${printExact(results)}`);
    const failed = results.findIndex((result) => isObject(result) && result['error'] !== undefined);
    if (failed >= 0)
      throw new Error(`operation ${failed} of ${operations.length}: ${printExact(results[failed] ?? null)}`);
    return results;
  }

  close(): void {
    this.socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  private receive(message: ExactJson): void {
    if (!isObject(message)) throw new Error(`${this.remote} sent ${printExact(message)}`);
    if (message['method'] === 'echo') {
      this.socket.write(printExact({ id: message['id'] ?? null, result: message['params'] ?? [], error: null }));
      return;
    }
    const id = message['id'];
    const waiting = typeof id === 'number' ? this.waiting.get(id) : undefined;
    const error = message['error'];
    if (error !== null && error !== undefined) waiting?.reject(new Error(`${this.remote}: ${printExact(error)}`));
    else waiting?.resolve(message['result'] ?? null);
  }

  private failAll(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
