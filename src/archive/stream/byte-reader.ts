/**
 * Reading a stream of chunks by counts and lines, with back-pressure and at most what was asked
 * for in memory.
 */

const NOTHING = Buffer.alloc(0);

export class ByteReader {
  private readonly iterator: AsyncIterator<Buffer>;
  private pieces: Buffer[] = [];
  private held = 0;
  private ended = false;
  private taken = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.iterator = source[Symbol.asyncIterator]();
  }

  /** Position in the stream of the next byte. */
  get offset(): number {
    return this.taken;
  }

  /** The next `count` bytes without taking them; fewer only at the end of the stream. */
  async peek(count: number): Promise<Buffer> {
    while (this.held < count && (await this.fill()));
    return this.joined().subarray(0, count);
  }

  /** Takes `count` bytes; fewer only at the end of the stream. */
  async take(count: number): Promise<Buffer> {
    const bytes = await this.peek(count);
    this.drop(bytes.length);
    return bytes;
  }

  /** Takes what is there, at most `max` bytes; undefined at the end of the stream. */
  async some(max: number): Promise<Buffer | undefined> {
    while (this.held === 0) if (!(await this.fill())) return undefined;
    const bytes = (this.pieces[0] as Buffer).subarray(0, max);
    this.drop(bytes.length);
    return bytes;
  }

  /** What has not been taken yet, to its end. */
  async *rest(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const bytes = await this.some(Infinity);
        if (bytes === undefined) return;
        yield bytes;
      }
    } finally {
      await this.close();
    }
  }

  /** Ends reading early and releases the source. */
  async close(): Promise<void> {
    await this.iterator.return?.();
  }

  private async fill(): Promise<boolean> {
    if (this.ended) return false;
    const next = await this.iterator.next();
    if (next.done === true) {
      this.ended = true;
      return false;
    }
    if (next.value.length > 0) this.pieces.push(next.value);
    this.held += next.value.length;
    return true;
  }

  private joined(): Buffer {
    if (this.pieces.length > 1) this.pieces = [Buffer.concat(this.pieces, this.held)];
    return this.pieces[0] ?? NOTHING;
  }

  private drop(count: number): void {
    if (count === 0) return;
    const first = this.pieces[0] as Buffer;
    if (count === first.length) this.pieces.shift();
    else this.pieces[0] = first.subarray(count);
    this.held -= count;
    this.taken += count;
  }
}
