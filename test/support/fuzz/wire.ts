/**
 * HTTP/1.1 by hand, for requests that no client would send: any bytes as method, address, header and body. Each goes
 * over a connection of its own.
 */
import { connect } from 'node:net';

export interface WireRequest {
  readonly method: string;
  /** What stands between the method and the version. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: Buffer;
  /** So many bytes of it all are sent, and then no more. */
  readonly cutAt?: number;
}

export interface WireAnswer {
  /** Undefined: the server hung up without a word. */
  readonly status: number | undefined;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly ms: number;
}

/** Longest time that an answer may take. */
export const HANG_MS = 60_000;

/** The bytes of a request. A body comes with its length, unless the headers say something of it. */
export function bytesOf({ method, target, headers, body }: WireRequest): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  if (body !== undefined) lines.push(`Content-Length: ${String(body.length)}`);
  // latin1: every character is a byte, and what is no byte loses its upper half
  return Buffer.concat([
    Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
    body ?? Buffer.alloc(0),
  ]);
}

/** Sends bytes and waits for one answer. @throws Error when there is none within HANG_MS */
export function exchange(port: number, bytes: Buffer, isHead = false, isCut = false): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    let size = 0;
    let lookAt = 0;
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no answer within ${String(HANG_MS)} ms, ${String(size)} bytes of it came`));
    }, HANG_MS);
    const end = (answer: Omit<WireAnswer, 'ms'> | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({
        ...(answer ?? { status: undefined, headers: new Map(), body: Buffer.alloc(0) }),
        ms: performance.now() - began,
      });
    };
    socket.on('connect', () => {
      socket.write(bytes);
      if (isCut) socket.end();
    });
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      // a large answer is looked at when it has doubled
      if (size < lookAt) return;
      const answer = answerIn(Buffer.concat(chunks), isHead, false);
      if (answer !== undefined) end(answer);
      else if (size > 1 << 20) lookAt = size * 2;
    });
    // a server that answers before it has read all may reset the connection after
    socket.on('error', () => undefined);
    socket.on('close', () => end(answerIn(Buffer.concat(chunks), isHead, true)));
  });
}

/** The answer, once it is whole; what is there, when no more comes. */
function answerIn(bytes: Buffer, isHead: boolean, isOver: boolean): Omit<WireAnswer, 'ms'> | undefined {
  const at = bytes.indexOf('\r\n\r\n');
  const [first = '', ...lines] = bytes.toString('latin1', 0, at < 0 ? 0 : at).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]);
  if (at < 0 || Number.isNaN(status)) return undefined;
  const rest = bytes.subarray(at + 4);
  if (status < 200 && status !== 101) return answerIn(rest, isHead, isOver);
  const headers = new Map(
    lines.map((line): [string, string] => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const whole = (body: Buffer): Omit<WireAnswer, 'ms'> => ({ status, headers, body });
  if (isHead || status === 101 || status === 204 || status === 304) return whole(Buffer.alloc(0));
  if (headers.get('transfer-encoding') === 'chunked') {
    const body = unchunked(rest);
    return body === undefined ? undefined : whole(body);
  }
  const length = headers.get('content-length');
  if (length === undefined) return isOver ? whole(rest) : undefined;
  return rest.length >= Number(length) ? whole(rest.subarray(0, Number(length))) : undefined;
}

function unchunked(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const length = Number.parseInt(bytes.toString('latin1', at, end), 16);
    const next = end + 2 + length + 2;
    if (Number.isNaN(length) || bytes.length < next) return undefined;
    if (length === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + length));
    at = next;
  }
}
