/**
 * The file that holds an export while it is taken. It may be the content of an encrypted backup, decrypted: it has no
 * name, and nothing of it is left when it is closed, or when the process is killed.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { diskError } from '../../lib/disk-error.js';
import { openUnnamed } from '../../state/unnamed-file.js';

const BLOCK_BYTES = 256 << 10;

/**
 * Writes an export down.
 * @param folder with room for it
 * @returns its bytes, from the start, and how many; the file is closed when the stream is
 * @throws what the source throws, AppError STORE_FULL, STORE_UNAVAILABLE; nothing of it is left then
 */
export async function spoolExport(
  folder: string,
  source: AsyncIterable<Buffer>,
): Promise<{ readonly bytes: Readable; readonly size: number }> {
  const file = await openUnnamed(folder);
  try {
    let size = 0;
    for await (const chunk of source) {
      await writeAll(file, chunk);
      size += chunk.length;
    }
    return { bytes: file.createReadStream({ start: 0, highWaterMark: BLOCK_BYTES }), size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
  } catch (error) {
    throw diskError('Writing an export', error);
  }
}
