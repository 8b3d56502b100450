/** Cuts a stream of chunks into lines, looking at every byte once however the chunks are cut. */

import { NEWLINE } from '../../lib/json-bytes.js';
import { GrowingBuffer } from './growing-buffer.js';

export class LineSplitter {
  private readonly gathered = new GrowingBuffer();

  /** @param onLine gets each line with its newline */
  constructor(private readonly onLine: (line: Buffer) => void) {}

  /** Bytes of the line that is not whole yet. */
  get held(): number {
    return this.gathered.length;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, start);
      if (newline < 0) break;
      this.deliver(chunk.subarray(start, newline + 1));
      start = newline + 1;
    }
    this.gathered.push(chunk.subarray(start));
  }

  /** Hands on what is held of a line, at the end or when it is too long. */
  flush(): void {
    if (this.gathered.length > 0) this.onLine(this.gathered.take());
  }

  private deliver(last: Buffer): void {
    if (this.gathered.length === 0) {
      this.onLine(last);
      return;
    }
    this.gathered.push(last);
    this.onLine(this.gathered.take());
  }
}
