/** A disk that can be full or broken: for one write, for a while, or until it is mended. */
import { diskError } from '../../src/lib/disk-error.js';
import type { AppError } from '../../src/lib/error.js';

export type DiskErrno = 'ENOSPC' | 'EIO';

export class Disk {
  private errno: DiskErrno | undefined;
  private writesLeft = Infinity;
  /** Of a full disk: bytes that were given back since. */
  private freedBytes = 0;

  /** @param writes how many fail; all until `mend` if left out */
  fail(errno: DiskErrno, writes = Infinity): void {
    this.errno = errno;
    this.writesLeft = writes;
    this.freedBytes = 0;
  }

  mend(): void {
    this.errno = undefined;
  }

  get isFailing(): boolean {
    return this.errno !== undefined;
  }

  /** @param bytes undefined where nobody knows yet how many. @returns the error, where it fails */
  write(doing: string, bytes: number | undefined): AppError | undefined {
    if (this.errno === undefined) return undefined;
    if (this.errno === 'ENOSPC' && bytes !== undefined && bytes <= this.freedBytes) {
      this.freedBytes -= bytes;
      return undefined;
    }
    const error = diskError(doing, Object.assign(new Error(`${this.errno}: made by the test`), { code: this.errno }));
    if (--this.writesLeft <= 0) this.mend();
    return error;
  }

  /** A full disk lets files be removed, a broken one does not. */
  remove(doing: string): AppError | undefined {
    return this.errno === 'EIO' ? this.write(doing, undefined) : undefined;
  }

  freed(bytes: number): void {
    this.freedBytes += bytes;
  }
}
