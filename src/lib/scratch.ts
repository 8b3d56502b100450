/**
 * Room outside of memory for what is written once and read back: the rows of an archive that only has to be passed
 * over. state/scratch-file.ts has one in a file.
 */
export interface Scratch {
  /** Bytes that were taken. */
  readonly length: number;
  /**
   * Takes a copy of the bytes (of a text: as UTF-8). Call `drained` now and then: what is not written yet is held in
   * memory.
   * @returns where they are, a multiple of 8
   * @throws AppError STORE_FULL, STORE_UNAVAILABLE when something that was taken earlier could not be written
   */
  append(bytes: Buffer | string): number;
  /** Waits while much is not written yet. @throws AppError STORE_FULL, STORE_UNAVAILABLE */
  drained(): Promise<void>;
  /**
   * Reads back; fast in the order of writing.
   * @returns `length` bytes, valid until the next call
   * @throws AppError STORE_UNAVAILABLE
   */
  read(offset: number, length: number): Buffer;
  /** Gives the room back; nothing can be read after that. */
  close(): Promise<void>;
}
