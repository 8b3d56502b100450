/**
 * Framing: JSON documents follow each other on the stream with nothing between them (RFC 7047,
 * section 4), cut anywhere, also inside a UTF-8 sequence. The framer looks at every byte exactly once,
 * in whatever pieces it comes, and hands out whole documents as bytes: text is made only of
 * what is whole.
 */
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  isSpace,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
} from '../lib/json-bytes.js';

export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** The text ends before the value does: more of it may come. */
export class IncompleteError extends FrameError {}

/** Takes a document over while it arrives. */
export interface DocumentSink {
  /**
   * The next bytes of the document, in whatever pieces they come. A piece is the sink's only until it answers.
   * @returns how many of them are the document's when it ends in this piece, otherwise undefined
   */
  push(piece: Buffer): number | undefined;
}

export class Framer {
  private pieces: Buffer[] = [];
  private bytes = 0;
  private depth = 0;
  private inString = false;
  private escaped = false;
  private sink: DocumentSink | undefined;
  /** The beginning of a document of which it is not decided yet who takes it. */
  private head: Buffer | undefined;

  /**
   * @param onDocument gets each document; the bytes are its own, whatever becomes of the pieces they came in
   * @param documentBytesMax a longer document is an error, so that a broken peer cannot fill the memory
   * @param claim sees the first bytes of a document and answers who takes it over, if anybody; UNDECIDED when it has to
   * see more of them: it is asked again when they are here, and must have decided before a document can end
   */
  constructor(
    private readonly onDocument: (document: Buffer) => void,
    private readonly documentBytesMax: number,
    private readonly claim: (head: Buffer) => DocumentSink | 'UNDECIDED' | undefined = () => undefined,
  ) {}

  /** Takes the next bytes of the stream, and keeps no hold on them. @throws FrameError on what cannot be a document */
  push(chunk: Buffer): void {
    let rest = this.head === undefined ? chunk : Buffer.concat([this.head, chunk]);
    this.head = undefined;
    while (rest.length > 0) {
      if (this.depth === 0 && this.sink === undefined && rest[0] === OPEN_BRACE) {
        const claimed = this.claim(rest);
        if (claimed === 'UNDECIDED') {
          this.head = Buffer.from(rest);
          return;
        }
        this.sink = claimed;
      }
      const taken = this.sink === undefined ? this.frame(rest) : this.sink.push(rest);
      if (taken === undefined) return;
      this.sink = undefined;
      rest = rest.subarray(taken);
    }
  }

  /** Answers the position after the document that ends in this chunk; undefined when none does. */
  private frame(chunk: Buffer): number | undefined {
    let start = 0;
    let { depth, inString } = this;
    let i = 0;
    if (this.escaped) {
      this.escaped = false;
      i = 1;
    }
    for (; i < chunk.length; i++) {
      const c = chunk[i] as number;
      if (inString) {
        if (c === QUOTE) inString = false;
        else if (c === BACKSLASH) i++;
      } else if (c === QUOTE) {
        inString = true;
      } else if (c === OPEN_BRACE || c === OPEN_BRACKET) {
        if (depth++ === 0) start = this.begin(chunk, start, i);
      } else if (c === CLOSE_BRACE || c === CLOSE_BRACKET) {
        if (--depth === 0) {
          this.depth = 0;
          this.inString = false;
          this.finish(chunk.subarray(start, i + 1));
          return i + 1;
        }
        if (depth < 0) throw new FrameError('the peer sent a closing bracket outside a document');
      }
    }
    // a backslash was the last byte: the next chunk begins with what it escapes
    if (i > chunk.length) this.escaped = true;
    this.depth = depth;
    this.inString = inString;
    if (depth > 0) this.keep(chunk.subarray(start));
    else if (!isBlank(chunk.subarray(start))) throw new FrameError('the peer sent something that is no JSON object');
    return undefined;
  }

  /** A document begins at `at`; before it, from `after` on, there may only be white space. */
  private begin(chunk: Buffer, after: number, at: number): number {
    if (chunk[at] !== OPEN_BRACE || !isBlank(chunk.subarray(after, at)))
      throw new FrameError('the peer sent a document that is no JSON object');
    return at;
  }

  private keep(piece: Buffer): void {
    this.bytes += piece.length;
    if (this.bytes > this.documentBytesMax)
      throw new FrameError(`the peer sent a document of more than ${this.documentBytesMax} bytes`);
    // what a socket reads into is read into again
    this.pieces.push(Buffer.from(piece));
  }

  private finish(last: Buffer): void {
    this.keep(last);
    const [first] = this.pieces;
    const document = this.pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.pieces, this.bytes);
    this.pieces = [];
    this.bytes = 0;
    this.onDocument(document);
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every(isSpace);
}

/** The position after the string that opens at `at` (its opening quote). */
export function skipString(text: Buffer, at: number): number {
  let i = at + 1;
  for (;;) {
    const c = text[i];
    if (c === QUOTE) return i + 1;
    if (c === undefined) throw new IncompleteError('a string does not end');
    i += c === BACKSLASH ? 2 : 1;
  }
}

/** The position after the JSON value that begins at `at`; no white space is expected before it. */
export function skipValue(text: Buffer, at: number): number {
  const first = text[at];
  if (first === QUOTE) return skipString(text, at);
  let i = at;
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
    // a number, true, false or null ends at the next delimiter
    for (; i < text.length; i++) {
      const c = text[i] as number;
      if (c === COMMA || c === CLOSE_BRACE || c === CLOSE_BRACKET || c <= SPACE) return i;
    }
    return i;
  }
  let depth = 0;
  while (i < text.length) {
    const c = text[i] as number;
    if (c === QUOTE) {
      i = skipString(text, i);
      continue;
    }
    if (c === OPEN_BRACE || c === OPEN_BRACKET) depth++;
    else if (c === CLOSE_BRACE || c === CLOSE_BRACKET) {
      if (--depth === 0) return i + 1;
    }
    i++;
  }
  throw new IncompleteError('a document ends in the middle of a value');
}

/** @throws IncompleteError at the end of the text, FrameError for anything but this byte */
export function expectByte(text: Buffer, at: number, byte: number, what: string): void {
  const found = text[at];
  if (found === byte) return;
  throw found === undefined ? new IncompleteError(`${what} is missing`) : new FrameError(`${what} was expected`);
}

/**
 * Reads the members of the compact JSON object that begins at `at`, one at a time, without
 * parsing the values. ovsdb-server writes no white space; white space here is an error.
 */
export class MemberReader {
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  private position: number;
  private first = true;

  constructor(
    private readonly text: Buffer,
    at: number,
  ) {
    expectByte(text, at, OPEN_BRACE, 'an object');
    this.position = at + 1;
  }

  /** Moves to the next member and finds where its value begins. False after the last one. */
  enter(): boolean {
    const { text } = this;
    let at = this.position;
    if (text[at] === CLOSE_BRACE) {
      this.position = at + 1;
      return false;
    }
    if (!this.first) {
      expectByte(text, at, COMMA, 'a comma between members');
      at++;
    }
    this.first = false;
    expectByte(text, at, QUOTE, "a member's name");
    const end = skipString(text, at);
    this.keyStart = at + 1;
    this.keyEnd = end - 1;
    expectByte(text, end, COLON, "a colon after a member's name");
    this.valueStart = end + 1;
    return true;
  }

  /** Skips the value of the member entered last. */
  skip(): void {
    this.valueEnd = skipValue(this.text, this.valueStart);
    this.position = this.valueEnd;
  }

  /** The value of the member entered last was read by somebody else up to here. */
  resumeAt(position: number): void {
    this.valueEnd = position;
    this.position = position;
  }

  key(): string {
    return this.text.toString('latin1', this.keyStart, this.keyEnd);
  }

  /** Where the object ended: valid once enter() answered false. */
  get end(): number {
    return this.position;
  }
}
