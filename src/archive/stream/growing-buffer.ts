/** Puts pieces of bytes together, however small they are, in memory of at most twice their size. */

const NOTHING = Buffer.alloc(0);

export class GrowingBuffer {
  private room: Buffer = NOTHING;
  private used = 0;
  /** Whether `room` is what somebody pushed, not to be written to. */
  private isLent = false;

  get length(): number {
    return this.used;
  }

  /** Adds bytes, which must not change while they are here. */
  push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.used === 0) {
      this.room = bytes;
      this.isLent = true;
    } else {
      const needed = this.used + bytes.length;
      if (this.isLent || needed > this.room.length) {
        const larger = Buffer.allocUnsafe(needed + this.used);
        this.room.copy(larger, 0, 0, this.used);
        this.room = larger;
        this.isLent = false;
      }
      bytes.copy(this.room, this.used);
    }
    this.used += bytes.length;
  }

  /** All of it, and begins anew. */
  take(): Buffer {
    const bytes = this.room.subarray(0, this.used);
    this.room = NOTHING;
    this.used = 0;
    return bytes;
  }
}
