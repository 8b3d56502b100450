/**
 * One connection to one ovsdb-server: JSON-RPC 1.0 as RFC 7047, section 4, uses it.
 *
 * Every request has a time limit, since a cluster without a quorum answers nothing at all. The
 * server's echo is answered, and an idle connection sends its own. Replies are matched by id: a
 * cluster answers out of order. A reply is handed over as bytes; what reads it decides whether to
 * parse it whole or row by row.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/error.js';
import { explained } from '../lib/system-error.js';
import { ConnectionError } from './error.js';
import { type DocumentSink, Framer } from './frame.js';
import { isObject, type Json, parseJson, stringifyJson } from './json.js';
import { type MonitorNotification, monitorNotification, replyId } from './message.js';
import type { Remote } from './remote.js';
import { resultOf } from './reply.js';
import { Outbox, startSocket } from './socket.js';
import { hungUpProblem, type TlsIdentity, tlsProblem } from './tls.js';

export interface ConnectOptions {
  readonly tls?: TlsIdentity | undefined;
  readonly timeoutMs: number;
  /** By which silence is told. */
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called at once when the whole reply is here, before anything that came after it is looked at. */
  readonly onReply?: ((reply: Buffer) => void) | undefined;
}

export interface Notification {
  readonly method: string;
  readonly params: readonly Json[];
}

interface Pending {
  readonly method: string;
  /** On the monotonic clock. */
  readonly askedAt: number;
  resolve(reply: Buffer): void;
  reject(error: Error): void;
}

/** 300,000 rows are about 180 MB, a million 600 MB. */
const DOCUMENT_BYTES_MAX = 3 * 2 ** 30;
const KEEP_ALIVE_MS = 10_000;

export class Connection {
  /** Settles with the reason when the connection has ended, however it ended. */
  readonly closed: Promise<ConnectionError>;
  private readonly framer: Framer;
  private readonly pending = new Map<number, Pending>();
  private readonly listeners = new Set<(notification: Notification) => void>();
  private readonly monitors = new Map<string, (notification: MonitorNotification) => void>();
  private ended: ConnectionError | undefined;
  private endWith!: (reason: ConnectionError) => void;
  private readonly sinks = new Map<number, ResultSink>();
  private nextId = 1;
  private hasAnswered = false;
  private heard = 0;
  /** On the monotonic clock. */
  private heardAt: number;
  private readonly clock: Clock;
  private readonly tls: TlsIdentity | undefined;
  private readonly outbox: Outbox;

  private constructor(
    readonly remote: Remote,
    private readonly socket: Socket,
    { tls, clock }: ConnectOptions,
  ) {
    this.tls = tls;
    this.clock = clock;
    this.heardAt = clock.monotonic();
    this.closed = new Promise((resolve) => {
      this.endWith = resolve;
    });
    this.outbox = new Outbox(socket);
    this.framer = new Framer(
      (document) => {
        this.receive(document);
      },
      DOCUMENT_BYTES_MAX,
      (head) => this.claim(head),
    );
    socket.on('error', (error) => {
      this.end(tlsProblem(error, tls) ?? this.hungUp(messageOf(error)), error);
    });
    socket.on('close', () => {
      this.end(this.hungUp('closed the connection'));
    });
  }

  private hear(chunk: Buffer): void {
    this.hasAnswered = true;
    this.heard += chunk.length;
    this.heardAt = this.clock.monotonic();
    try {
      this.framer.push(chunk);
    } catch (error) {
      this.end(`sent what is no OVSDB: ${messageOf(error)}`, error);
    }
  }

  /** Connects. @throws ConnectionError that names the remote and the reason */
  static async open(remote: Remote, options: ConnectOptions): Promise<Connection> {
    if (options.signal?.aborted === true) throw new ConnectionError(`${remote.text}: given up before it was tried`);
    const began = options.clock.monotonic();
    const { socket, listen } = startSocket(remote, options.tls);
    await new Promise<void>((resolve, reject) => {
      const fail = (reason: string, cause?: unknown): void => {
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', onAbort);
        socket.destroy();
        reject(new ConnectionError(`${remote.text}: ${reason}`, { cause }));
      };
      const onAbort = (): void => {
        fail(`given up: no connection within ${secondsOf(options.clock.monotonic() - began)}`);
      };
      const timer = setTimeout(() => {
        fail(`no connection within ${options.timeoutMs} ms`);
      }, options.timeoutMs);
      options.signal?.addEventListener('abort', onAbort, { once: true });
      socket.once('error', (error) => {
        fail(tlsProblem(error, options.tls) ?? explained(error), error);
      });
      socket.once(remote.kind === 'ssl' ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', onAbort);
        socket.removeAllListeners('error');
        resolve();
      });
    });
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    const connection = new Connection(remote, socket, options);
    listen((bytes) => connection.hear(bytes));
    return connection;
  }

  /** Sends a request and parses the reply's result. @throws OvsdbError, ConnectionError */
  async request(method: string, params: readonly Json[], options: RequestOptions): Promise<Json> {
    const reply = await this.call(method, [stringifyJson(params)], options);
    return resultOf(reply);
  }

  /**
   * Sends a request whose params come as pieces of JSON text, with back-pressure, and answers the
   * whole reply as bytes. When the source throws, the connection is closed: half a
   * request is never carried out.
   * @throws ConnectionError when the connection ends or the limit passes; what the source throws
   */
  async call(
    method: string,
    params: Iterable<string> | AsyncIterable<string>,
    options: RequestOptions,
  ): Promise<Buffer> {
    if (this.ended !== undefined) throw this.ended;
    if (options.signal?.aborted === true)
      throw new ConnectionError(`${this.remote.text}: "${method}" was given up before it was sent`);
    const id = this.nextId++;
    const reply = this.expect(id, method, options);
    const head = `{"id":${id},"method":${JSON.stringify(method)},"params":`;
    this.outbox.write({ head, pieces: params, tail: '}' }).catch((error: unknown) => {
      this.pending.get(id)?.reject(error instanceof Error ? error : new Error(String(error)));
      this.end(`a request could not be written: ${messageOf(error)}`, error);
    });
    return reply;
  }

  /**
   * A request whose reply may be too large to be held: `sink` takes the reply over from its result on, while it
   * arrives.
   * @throws OvsdbError, ConnectionError, and what the sink throws, which ends the connection
   * @returns undefined when it did; the whole reply when it is an error, or not written in the usual order
   */
  async stream(
    method: string,
    params: readonly Json[],
    sink: ResultSink,
    options: RequestOptions,
  ): Promise<Buffer | undefined> {
    const id = this.nextId;
    this.sinks.set(id, sink);
    try {
      const reply = await this.call(method, [stringifyJson(params)], options);
      return reply === TAKEN_OVER ? undefined : reply;
    } finally {
      this.sinks.delete(id);
    }
  }

  /** Calls back for every notification (update2, update3, monitor_canceled ...), in their order. */
  subscribe(listener: (notification: Notification) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Calls back for every notification of the monitor with this id, in their order and in that of the replies.
   * They are not parsed, since one may be as large as the database, and other listeners are not told.
   */
  subscribeMonitor(id: string, listener: (notification: MonitorNotification) => void): () => void {
    this.monitors.set(id, listener);
    return () => this.monitors.delete(id);
  }

  /** Asks now and then whether the server is there, and closes when it does not answer. @returns ends it */
  probe(everyMs: number, timeoutMs: number): () => void {
    const timer = setInterval(() => {
      this.request('echo', ['probe'], { timeoutMs }).catch(() => {
        this.close(`has not answered for ${timeoutMs / 1_000} s`);
      });
    }, everyMs);
    return () => clearInterval(timer);
  }

  /** Somebody waits for an answer. */
  get isWaiting(): boolean {
    return this.pending.size > 0;
  }

  /** Of answers and notifications, also of such as have only begun to arrive. */
  get bytesHeard(): number {
    return this.heard;
  }

  /** @param reason what whoever waits for an answer is told; for how long nothing was heard, where it is left out */
  close(reason?: string): void {
    const [first] = this.pending.values();
    this.end(reason ?? (first === undefined ? 'closed here' : this.silenceSince(first)));
  }

  private silenceSince({ method, askedAt }: Pending): string {
    const silentMs = this.clock.monotonic() - Math.max(askedAt, this.heardAt);
    return `"${method}" was given up: nothing was heard for ${secondsOf(silentMs)}`;
  }

  private expect(id: number, method: string, { timeoutMs, signal, onReply }: RequestOptions): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.pending.delete(id);
      };
      const onAbort = (): void => {
        const silence = this.silenceSince(pending);
        settle();
        reject(new ConnectionError(`${this.remote.text}: ${silence}`));
      };
      const timer = setTimeout(() => {
        settle();
        reject(new ConnectionError(`${this.remote.text}: no answer to "${method}" within ${timeoutMs} ms`));
      }, timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      const pending: Pending = {
        method,
        askedAt: this.clock.monotonic(),
        resolve: (reply) => {
          settle();
          onReply?.(reply);
          resolve(reply);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      this.pending.set(id, pending);
    });
  }

  /** Gives a reply with an object as its result to the sink that waits for it. */
  private claim(head: Buffer): DocumentSink | 'UNDECIDED' | undefined {
    if (this.sinks.size === 0) return undefined;
    const text = head.toString('latin1', 0, STREAMED_BYTES_MAX);
    if (mayBecomeStreamed(text)) return 'UNDECIDED';
    const match = STREAMED.exec(text);
    const id = Number(match?.[1]);
    const sink = this.sinks.get(id);
    if (match === null || sink === undefined) return undefined;
    let toSkip = match[0].length;
    return {
      push: (piece) => {
        const skipped = Math.min(toSkip, piece.length);
        toSkip -= skipped;
        try {
          const taken = sink.push(piece.subarray(skipped));
          if (taken === undefined) return undefined;
          this.pending.get(id)?.resolve(TAKEN_OVER);
          return skipped + taken;
        } catch (error) {
          // whoever waits gets the sink's own error; the rest of the reply cannot be made sense of
          this.pending.get(id)?.reject(error instanceof Error ? error : new Error(String(error)));
          throw error;
        }
      },
    };
  }

  private receive(document: Buffer): void {
    const id = replyId(document);
    if (id !== undefined) {
      this.pending.get(id)?.resolve(document);
      return;
    }
    if (this.monitors.size > 0 && this.tellMonitor(document)) return;
    const message = parseJson(document.toString());
    if (!isObject(message)) return;
    const { method, params } = message;
    if (typeof method !== 'string' || !Array.isArray(params)) return;
    if (method === 'echo') {
      // it asks of its own whether we are there
      this.heard -= document.length;
      this.outbox.answer(stringifyJson({ id: message['id'] ?? null, result: params, error: null }));
      return;
    }
    for (const listener of this.listeners) listener({ method, params: params as readonly Json[] });
  }

  private tellMonitor(document: Buffer): boolean {
    const notification = monitorNotification(document);
    const listener = this.monitors.get(notification?.monitor ?? '');
    if (notification === undefined || listener === undefined) return false;
    listener(notification);
    return true;
  }

  /** A server that refuses our certificate may hang up before its reason is through. */
  private hungUp(how: string): string {
    return this.remote.kind !== 'ssl' || this.hasAnswered ? how : `${how} ${hungUpProblem(this.tls)}`;
  }

  private end(reason: string, cause?: unknown): void {
    if (this.ended !== undefined) return;
    this.ended = new ConnectionError(`${this.remote.text}: ${reason}`, cause === undefined ? undefined : { cause });
    this.socket.destroy();
    for (const pending of [...this.pending.values()]) pending.reject(this.ended);
    this.endWith(this.ended);
  }
}

/**
 * The bytes of a reply from behind `"result":` on: the result, then the members that follow it, then the end of the
 * reply.
 */
export type ResultSink = DocumentSink;

const STREAMED = /^\{"id":(\d+),"result":(?=\{)/;
const STREAMED_BYTES_MAX = 64;
/** Stands for a reply that went to a sink. */
const TAKEN_OVER = Buffer.alloc(0);

function secondsOf(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** Whether more bytes may make the head of a STREAMED reply of it. */
function mayBecomeStreamed(text: string): boolean {
  return text.length < STREAMED_BYTES_MAX && '{"id":0,"result":'.startsWith(text.replace(/\d+/, '0'));
}
