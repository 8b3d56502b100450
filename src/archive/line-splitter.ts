/** Cuts a stream of chunks into lines, looking at every byte once however the chunks are cut. */

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

export class LineSplitter {
  private pieces: Buffer[] = [];
  private heldBytes = 0;

  /** @param onLine gets each line with its newline */
  constructor(private readonly onLine: (line: Buffer) => void) {}

  /** Bytes of the line that is not whole yet. */
  get held(): number {
    return this.heldBytes;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, start);
      if (newline < 0) break;
      this.deliver(chunk.subarray(start, newline + 1));
      start = newline + 1;
    }
    if (start === chunk.length) return;
    this.pieces.push(chunk.subarray(start));
    this.heldBytes += chunk.length - start;
  }

  /** Hands on what is held of a line, at the end or when it is too long. */
  flush(): void {
    if (this.heldBytes > 0) this.deliver(NOTHING);
  }

  private deliver(last: Buffer): void {
    if (this.heldBytes === 0) {
      this.onLine(last);
      return;
    }
    const line = Buffer.concat([...this.pieces, last], this.heldBytes + last.length);
    this.pieces = [];
    this.heldBytes = 0;
    this.onLine(line);
  }
}
