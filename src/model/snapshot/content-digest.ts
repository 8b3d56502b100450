/**
 * The content digest: SHA-256 over the schema's name and the canonical rows, and nothing else, so
 * that equal configurations have equal digests whatever the format. Feed tables in the order
 * of names (those without rows left out), rows in the order of UUIDs.
 */

import { createHash, type Hash } from 'node:crypto';
import { NEWLINE } from '../../lib/json-bytes.js';

const UUID_BYTES = 36;

export class ContentDigest {
  private readonly hash: Hash = createHash('sha256');
  /** Rows are gathered first: a call of hash.update for each would cost more than the hash itself. */
  private readonly gathered = Buffer.allocUnsafe(64 << 10);
  private length = 0;

  constructor(schemaName: string) {
    this.hash.update(`ovncp-content/1\n${JSON.stringify(schemaName)}\n`);
  }

  table(name: string): void {
    this.flush();
    this.hash.update(`${JSON.stringify(name)}\n`);
  }

  row(uuid: string, text: Buffer): void {
    const bytes = UUID_BYTES + text.length + 1;
    if (this.length + bytes > this.gathered.length) this.flush();
    if (bytes > this.gathered.length) {
      this.hash.update(uuid, 'latin1').update(text).update('\n');
      return;
    }
    this.length += this.gathered.write(uuid, this.length, 'latin1');
    this.length += text.copy(this.gathered, this.length);
    this.gathered[this.length++] = NEWLINE;
  }

  /** Ends it: "sha256:" and 64 hexadecimal digits. */
  end(): string {
    this.flush();
    return `sha256:${this.hash.digest('hex')}`;
  }

  private flush(): void {
    this.hash.update(this.gathered.subarray(0, this.length));
    this.length = 0;
  }
}
