/**
 * The body of an import, in whichever form it comes: multipart (field `file`), the JSON form, or the file itself. It is
 * told by its content: a body that begins with a brace is the JSON form unless it is a document, or looks like a file
 * of another kind.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import busboy from 'busboy';
import { AppError } from '../../../lib/error.js';
import { textAfterMark, withoutByteOrderMark } from '../../../lib/text/byte-order-mark.js';
import { foreignFile } from '../../../service/transfer/import-command.js';
import { JsonForm } from './json-form.js';

export interface ImportBody {
  /**
   * The document, as it arrives; read once.
   * @throws (while reading) AppError BAD_USER_INPUT, TOO_LARGE; an error of the connection
   */
  readonly source: AsyncIterable<Buffer>;
  /** The members beside it, once it was read: in a form they may come after it. */
  readonly members: () => Readonly<Record<string, unknown>>;
  readonly fileName?: string | undefined;
  /** Whether what was read of the file so far has no line break: curl -d @FILE takes them out, and damages it so. */
  readonly lacksLineBreaks?: () => boolean;
}

const FIELDS_MAX = 100;
const FIELD_BYTES_MAX = 64 * 1024;
const HEAD_BYTES = 4096;
const DOCUMENT_MEMBERS: ReadonlySet<string> = new Set(['manifest', 'schema', 'tables', 'contentDigest']);
const FIRST_MEMBER = /^\s*\{\s*"((?:[^"\\]|\\.)*)"\s*:\s*("ovncp-backup)?/;

/** @throws AppError BAD_USER_INPUT for a form without a file */
export async function openImportBody(request: IncomingMessage): Promise<ImportBody> {
  if (/^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '')) return openForm(request);
  // returning early must not destroy the connection: the answer goes out on it
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
  const { head, rest } = await peek(chunks);
  if (!isForm(head)) return plainBody(head, rest);
  const form = new JsonForm();
  let members: Readonly<Record<string, unknown>> = {};
  async function* data(): AsyncGenerator<Buffer> {
    for await (const chunk of withoutByteOrderMark(rest)) {
      const text = form.push(chunk);
      if (text.length > 0) yield text;
    }
    members = form.end();
  }
  return { source: data(), members: () => members };
}

const LINE_BREAK = 0x0a;

/** The file itself. */
function plainBody(head: Buffer, rest: AsyncIterable<Buffer>): ImportBody {
  let hasBreaks = false;
  async function* watched(): AsyncGenerator<Buffer> {
    for await (const chunk of rest) {
      hasBreaks ||= chunk.includes(LINE_BREAK);
      yield chunk;
    }
  }
  // JSON is the same without them
  const needsBreaks = head.length > 0 && !textAfterMark(head).toString('latin1').trimStart().startsWith('{');
  return { source: watched(), members: () => ({}), lacksLineBreaks: () => needsBreaks && !hasBreaks };
}

/** The first bytes, and all of them again. */
async function peek(chunks: AsyncIterator<Buffer>): Promise<{ head: Buffer; rest: AsyncIterable<Buffer> }> {
  const first: Buffer[] = [];
  let bytes = 0;
  let ended = false;
  while (bytes < HEAD_BYTES && !ended) {
    const next = await chunks.next();
    if (next.done === true) ended = true;
    else {
      first.push(next.value);
      bytes += next.value.length;
    }
  }
  async function* rest(): AsyncGenerator<Buffer> {
    yield* first;
    first.length = 0;
    for (;;) {
      const next = ended ? undefined : await chunks.next();
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  }
  return { head: Buffer.concat(first).subarray(0, HEAD_BYTES), rest: rest() };
}

function isForm(head: Buffer): boolean {
  const [, member, isDocument] = FIRST_MEMBER.exec(textAfterMark(head).toString('latin1')) ?? [];
  if (member === undefined || isDocument !== undefined || DOCUMENT_MEMBERS.has(member)) return false;
  return foreignFile(head) === undefined;
}

async function openForm(request: IncomingMessage): Promise<ImportBody> {
  const form = formReader(request);
  let failure: AppError | undefined;
  let reading: Readable | undefined;
  // the reader goes on to the end of a piece: after a failure, too, parts may begin, and errors may come
  const fail = (error: AppError): void => {
    failure ??= error;
    reading?.destroy(failure);
    form.destroy(failure);
  };
  const refuse = (code: 'BAD_USER_INPUT' | 'TOO_LARGE', message: string): void => fail(new AppError(code, message));
  const end = new Promise<void>((resolve, reject) => {
    form.on('error', (error) => {
      fail(
        error instanceof AppError
          ? error
          : new AppError('BAD_USER_INPUT', 'The form is malformed or ended early: send the file again', {
              cause: error,
            }),
      );
      reject(failure ?? error);
    });
    form.once('close', resolve);
  });
  // a browser's form sends each field that was left empty
  const fields = new Map<string, string | undefined>();
  const tags: string[] = [];
  form.on('field', (given, value, { nameTruncated, valueTruncated }) => {
    const name = nameOf(given);
    const shown = name.slice(0, 100);
    if (nameTruncated || valueTruncated) refuse('TOO_LARGE', `${shown}: takes at most ${FIELD_BYTES_MAX} bytes`);
    else if (name === 'tag' || name === 'tags') tags.push(...(value === '' ? [] : [value]));
    else if (fields.has(name)) refuse('BAD_USER_INPUT', `${shown}: is there twice`);
    else fields.set(name, value === '' ? undefined : value);
  });
  for (const limit of ['partsLimit', 'fieldsLimit'] as const)
    form.on(limit, () => refuse('BAD_USER_INPUT', `The form has more than ${FIELDS_MAX} fields`));
  form.on('filesLimit', () => refuse('BAD_USER_INPUT', 'The form has more than one file: import one at a time'));
  const file = new Promise<{ stream: Readable; name: string | undefined }>((resolve, reject) => {
    form.once('file', (given, stream, info) => {
      const name = nameOf(given);
      // an error of the form ends the file too: whoever reads the file meets it there
      stream.on('error', () => undefined);
      reading = stream;
      if (failure !== undefined) stream.destroy(failure);
      else if (name === 'file') resolve({ stream, name: info.filename });
      else refuse('BAD_USER_INPUT', `${name.slice(0, 100)}: not known here; the file goes into the field "file"`);
    });
    end.then(
      () => reject(failure ?? new AppError('BAD_USER_INPUT', 'file: is needed, a form field with the file')),
      reject,
    );
  });
  request.once('close', () => {
    if (!request.complete) refuse('BAD_USER_INPUT', 'The upload ended early: send the file again');
  });
  request.pipe(form);
  const { stream, name } = await file;
  async function* bytes(): AsyncGenerator<Buffer> {
    for await (const chunk of stream) yield chunk as Buffer;
    await end;
  }
  return {
    source: bytes(),
    members: () => ({ ...Object.fromEntries(fields), ...(tags.length === 0 ? {} : { tags }) }),
    fileName: name,
  };
}

/** A part may come without a name, whatever the reader's types say. */
function nameOf(given: string | undefined): string {
  return given ?? '';
}

function formReader({ headers }: IncomingMessage): busboy.Busboy {
  try {
    return busboy({
      headers,
      limits: { files: 1, fields: FIELDS_MAX, parts: FIELDS_MAX + 2, fieldNameSize: 100, fieldSize: FIELD_BYTES_MAX },
    });
  } catch (error) {
    throw new AppError('BAD_USER_INPUT', 'The form cannot be read: its Content-Type has no boundary', { cause: error });
  }
}
