/**
 * Stands between the server and ovsdb-server, and knows every message: each is a moment. It can cut the connections,
 * refuse new ones, and drop or hold back an answer. What was handed to ovsdb-server is waited for before it ends, so
 * that nothing happens to the database afterwards.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Documents } from '../support/clients/plain-client.js';
import { type ExactJson, isList, isObject, parseExact } from '../support/judge/exact-json.js';
import { until } from '../support/until.js';
import type { Moments, Passage } from './moments.js';

interface Pair {
  readonly client: Socket;
  readonly database: Socket;
  /** Requests that ovsdb-server has not answered yet: id -> their names. */
  readonly open: Map<string, string>;
  isCut: boolean;
}

export class LifeProxy {
  isRefusing = false;
  private readonly pairs = new Set<Pair>();
  private handling = 0;

  private constructor(
    private readonly server: Server,
    private readonly socket: string,
    private readonly databaseSocket: string,
    private readonly moments: Moments,
  ) {}

  /** @param socket path that it listens on @param databaseSocket that of ovsdb-server */
  static async open(socket: string, databaseSocket: string, moments: Moments): Promise<LifeProxy> {
    const server = createServer();
    const proxy = new LifeProxy(server, socket, databaseSocket, moments);
    server.on('connection', (client) => proxy.accept(client));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(socket, resolve);
    });
    return proxy;
  }

  get remote(): string {
    return `unix:${this.socket}`;
  }

  /** Messages that are on their way. */
  get busy(): number {
    return this.handling + this.unanswered;
  }

  /** Every connection is lost. */
  cut(): void {
    for (const pair of this.pairs) {
      pair.isCut = true;
      pair.client.destroy();
      this.endWhenAnswered(pair);
    }
  }

  async close(): Promise<void> {
    this.isRefusing = true;
    this.cut();
    await until(() => this.unanswered === 0);
    for (const { database } of this.pairs) database.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private get unanswered(): number {
    let count = 0;
    for (const { open } of this.pairs) count += open.size;
    return count;
  }

  private accept(client: Socket): void {
    client.on('error', () => undefined);
    if (this.isRefusing) {
      client.destroy();
      return;
    }
    const database = connect(this.databaseSocket);
    const pair: Pair = { client, database, open: new Map(), isCut: false };
    this.pairs.add(pair);
    database.on('error', () => client.destroy());
    database.on('close', () => {
      this.pairs.delete(pair);
      client.destroy();
    });
    client.on('close', () => {
      pair.isCut = true;
      this.endWhenAnswered(pair);
    });
    this.pass(client, (text) => this.ask(pair, text));
    this.pass(database, (text) => this.answer(pair, text));
  }

  /** Messages of one direction, one after the other. */
  private pass(from: Socket, hand: (text: string) => Promise<void>): void {
    const documents = new Documents();
    let last = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      for (const text of documents.push(chunk)) {
        this.handling++;
        last = last.then(() => hand(text)).finally(() => this.handling--);
      }
    });
  }

  private async ask(pair: Pair, text: string): Promise<void> {
    const message = parseExact(text);
    const name = nameOf(message);
    if (pair.isCut) return;
    if (name === undefined) {
      pair.database.write(text); // the answer to an echo
      return;
    }
    if ((await this.moment(`ask ${name}`)) === 'DROPPED' || pair.isCut) return;
    pair.open.set(idOf(message), name);
    pair.database.write(text);
  }

  private async answer(pair: Pair, text: string): Promise<void> {
    const message = parseExact(text);
    const id = idOf(message);
    const name = pair.open.get(id);
    pair.open.delete(id);
    if (pair.isCut) this.endWhenAnswered(pair);
    else if (name === undefined || (await this.moment(`told ${name}`)) === 'PASSED') pair.client.write(text);
  }

  /** A message that is held back at its moment is not on its way. */
  private async moment(what: string): Promise<Passage> {
    this.handling--;
    try {
      return await this.moments.pass(what);
    } finally {
      this.handling++;
    }
  }

  private endWhenAnswered({ open, database }: Pair): void {
    if (open.size === 0) database.destroy();
  }
}

function idOf(message: ExactJson): string {
  return isObject(message) ? String(message['id']) : '';
}

/** What a request is about; undefined for what is no request. */
function nameOf(message: ExactJson): string | undefined {
  if (!isObject(message) || typeof message['method'] !== 'string') return undefined;
  const { method, params } = message;
  if (method !== 'transact' || !isList(params)) return method;
  const operations = params.slice(1).filter(isObject);
  const comment = operations.find(({ op }) => op === 'comment')?.['comment'];
  if (typeof comment === 'string') return / undoes | undoing /.test(comment) ? 'undoing' : 'restoring';
  return params[0] === '_Server' ? 'server state' : `select ${String(operations[0]?.['table'])}`;
}
