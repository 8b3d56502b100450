/** What WireRowReader and WireRowWriter have in common: bytes of a source row copied into an output that grows. */

/** Below this a loop is faster than a call of Buffer.copy. */
const SHORT_COPY = 240;

export abstract class ByteOutput {
  protected out = Buffer.allocUnsafeSlow(4 << 10);
  /** Where the next byte goes. */
  protected at = 0;
  protected source: Buffer = this.out;

  /** Begins with a new source. @param room bytes that will be written, at most */
  protected begin(source: Buffer, room: number): void {
    if (this.out.length < room) this.out = Buffer.allocUnsafeSlow(2 * room);
    this.source = source;
    this.at = 0;
  }

  /** Copies these bytes of the source. */
  protected copy(start: number, end: number): void {
    const { source, out } = this;
    let { at } = this;
    if (end - start > SHORT_COPY) {
      at += source.copy(out, at, start, end);
    } else {
      for (let i = start; i < end; i++) out[at++] = source[i] as number;
    }
    this.at = at;
  }

  protected bytes(text: Buffer): void {
    for (let i = 0; i < text.length; i++) this.out[this.at++] = text[i] as number;
  }

  protected byte(value: number): void {
    this.out[this.at++] = value;
  }

  /** Whether the source goes on with `text` at `start`. */
  protected startsWith(text: Buffer, start: number): boolean {
    for (let i = 0; i < text.length; i++) if (this.source[start + i] !== text[i]) return false;
    return true;
  }
}
