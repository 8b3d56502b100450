/** The byte-order mark that editors and shells of Windows put before UTF-8 text. It says nothing: it is skipped. */

export const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Passes text on without the mark before it. */
export async function* withoutByteOrderMark(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0);
  let isPassed = false;
  for await (const chunk of source) {
    if (isPassed) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < BYTE_ORDER_MARK.length) continue;
    isPassed = true;
    yield textAfterMark(head);
  }
  if (!isPassed) yield head;
}

/** Text that was decoded with the mark, without it. */
export function withoutMark(text: string): string {
  return text.replace(/^\ufeff/, '');
}

/** Bytes of a text without the mark before it. */
export function textAfterMark(bytes: Buffer): Buffer {
  return bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
    ? bytes.subarray(BYTE_ORDER_MARK.length)
    : bytes;
}
