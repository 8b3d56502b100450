/**
 * The socket of a connection: how it is opened, read and written.
 */
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '../lib/error.js';
import { ConnectionError } from './error.js';
import type { Remote } from './remote.js';
import type { TlsIdentity } from './tls.js';

const READ_BYTES = 128 << 10;

export interface Incoming {
  readonly socket: Socket;
  /** Has what comes told. The bytes are only lent. */
  readonly listen: (hear: (bytes: Buffer) => void) => void;
}

/** Starts to connect. @throws ConnectionError when our key or certificate cannot be used */
export function startSocket(remote: Remote, tls: TlsIdentity | undefined): Incoming {
  if (remote.kind === 'unix') return startPlain({ path: remote.path });
  if (remote.kind === 'tcp') return startPlain({ host: remote.host, port: remote.port });
  if (tls === undefined)
    throw new ConnectionError(`${remote.text}: an ssl: remote needs a private key, a certificate and a CA certificate`);
  const { host, port } = remote;
  try {
    // as Open vSwitch does: whoever the CA has signed is trusted, under whatever host name; ovs-pki's certificates hold
    // none
    const socket = connectTls({
      host,
      port,
      key: tls.privateKey,
      cert: tls.certificate,
      ca: tls.caCertificate,
      checkServerIdentity: () => undefined,
    });
    return { socket, listen: (hear) => socket.on('data', hear) };
  } catch (error) {
    throw new ConnectionError(`${remote.text}: our key or certificate cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Reads into the same bytes over and over: a reply of 60 MB would leave as much for the garbage collector. */
function startPlain(address: { readonly path: string } | { readonly host: string; readonly port: number }): Incoming {
  let hear: (bytes: Buffer) => void = () => undefined;
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const callback = (length: number): boolean => {
    hear(buffer.subarray(0, length));
    return true;
  };
  const socket = connectSocket({ ...address, onread: { buffer, callback } });
  const listen = (listener: typeof hear): void => {
    hear = listener;
  };
  return { socket, listen };
}

const WRITE_CHARACTERS = 128 << 10;

export interface PiecedMessage {
  readonly head: string;
  readonly pieces: Iterable<string> | AsyncIterable<string>;
  readonly tail: string;
}

/**
 * What is written to a connection: one message after the other, each of them whole.
 *
 * A large request is made piece by piece while it is written. The answer to a probe (echo) of the server that comes
 * meanwhile waits for the request's end: in the middle it would spoil both. The server can wait for it. Any bytes that
 * it receives are a sign of life to it (jsonrpc_session_recv in lib/jsonrpc.c of Open vSwitch), and it gives up a
 * session from which nothing came for two of its probe intervals, which are 5 s if nobody has changed them. So it is
 * enough that the source of a request is not silent for so long; and when an answer begins to wait, what the source
 * has given so far is written with its next piece, however little that is.
 */
export class Outbox {
  /** Messages are written in the order in which they came. */
  private last: Promise<void> = Promise.resolve();
  /** Settles when the text written last is out of our hands. */
  private sent: Promise<void> = Promise.resolve();
  /** A part of a message is written, and not all of it. */
  private isInside = false;
  private answers: string[] = [];
  /** A sign of life is due. */
  private isDue = false;

  constructor(private readonly socket: Socket) {}

  /**
   * Writes a message that comes in pieces, with back-pressure. When it fails, half a message may be out: the connection
   * is of no use any more.
   * @throws ConnectionError when the socket is closed; what the source throws
   */
  write(message: PiecedMessage): Promise<void> {
    const written = this.last.then(() => this.writeWhole(message));
    this.last = written.catch(() => undefined); // whoever wrote it is told
    return written;
  }

  /** Writes a short message at once, or as soon as the one that is being written is whole. */
  answer(message: string): void {
    if (!this.isInside) {
      this.socket.write(message);
      return;
    }
    this.answers.push(message);
    this.isDue = true;
  }

  private async writeWhole({ head, pieces, tail }: PiecedMessage): Promise<void> {
    let text = head;
    for await (const piece of pieces) {
      text += piece;
      if (text.length < WRITE_CHARACTERS && !this.isDue) continue;
      this.isInside = true;
      await this.send(text);
      text = '';
    }
    const out = this.send(text + tail);
    this.isInside = false;
    for (const answer of this.answers.splice(0)) this.socket.write(answer);
    await out;
  }

  /** Returns when the text before this one is out: one is on its way to the server while the next is made. */
  private async send(text: string): Promise<void> {
    this.refuseWhenClosed();
    this.isDue = false;
    const before = this.sent;
    this.sent = new Promise((resolve) => {
      const done = (): void => {
        this.socket.off('close', done);
        resolve();
      };
      this.socket.once('close', done);
      this.socket.write(text, done);
    });
    await before;
    this.refuseWhenClosed();
  }

  private refuseWhenClosed(): void {
    if (this.socket.destroyed) throw new ConnectionError('the connection is closed');
  }
}
