/**
 * Stands between clients and an ovsdb-server, on a socket of its own, and sees each message. A test says what becomes of
 * it; without a word it passes.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Documents } from '../clients/plain-client.js';

/** One client's way to the database, and back. */
export interface Way {
  ask(text: string): void;
  answer(text: string): void;
  /** The client's connection breaks, the database's does not. */
  cutOff(): void;
}

export interface DoorOptions {
  readonly onAsked?: (text: string, way: Way) => void;
  readonly onAnswered?: (text: string, way: Way) => void;
}

export class Door implements AsyncDisposable {
  private readonly clients = new Set<Socket>();
  private readonly databases = new Set<Socket>();

  private constructor(
    readonly path: string,
    private target: string,
    private readonly server: Server,
    private readonly options: DoorOptions,
  ) {
    server.on('connection', (client) => this.accept(client));
  }

  /** @param target unix: remote of an ovsdb-server */
  static async open(path: string, target: string, options: DoorOptions = {}): Promise<Door> {
    const server = createServer();
    const door = new Door(path, target, server, options);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(path, resolve);
    });
    return door;
  }

  get remote(): string {
    return `unix:${this.path}`;
  }

  /** Clients that are connected. */
  get open(): number {
    return this.clients.size;
  }

  /** Whoever comes from now on is led to another server; whoever is there has to come anew. */
  leadTo(target: string): void {
    this.target = target;
    for (const client of this.clients) client.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [...this.clients, ...this.databases]) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(client: Socket): void {
    const database = connect(this.target.slice('unix:'.length));
    let isCutOff = false;
    const way: Way = {
      ask: (text) => {
        database.write(text);
      },
      answer: (text) => {
        if (!isCutOff) client.write(text);
      },
      cutOff: () => {
        isCutOff = true;
        client.destroy();
      },
    };
    const { onAsked = (text: string): void => way.ask(text), onAnswered = (text: string): void => way.answer(text) } =
      this.options;
    follow(client, this.clients, (text) => onAsked(text, way));
    follow(database, this.databases, (text) => onAnswered(text, way));
    client.on('close', () => isCutOff || database.destroy());
    database.on('close', () => client.destroy());
  }
}

function follow(socket: Socket, open: Set<Socket>, onMessage: (text: string) => void): void {
  const documents = new Documents();
  open.add(socket);
  socket.on('error', () => undefined).on('close', () => open.delete(socket));
  socket.on('data', (chunk: Buffer) => {
    for (const text of documents.push(chunk)) onMessage(text);
  });
}
