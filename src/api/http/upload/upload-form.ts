/**
 * Reads a GraphQL multipart request (graphql-multipart-request-spec): the field "operations", then "map", then one
 * file, which is streamed. "map" puts the file into the variables and nowhere else: a path that is followed further
 * could reach what all objects share.
 */

import type { IncomingMessage } from 'node:http';
import busboy from 'busboy';
import { type FileUpload, Upload } from 'graphql-upload-minimal';
import { defined } from '../../../lib/defined.js';
import { AppError } from '../../../lib/error.js';
import { withoutMark } from '../../../lib/text/byte-order-mark.js';

/** Of the fields "operations" and "map". */
export const FIELD_BYTES_MAX = 1024 * 1024;
const VARIABLE_PATH = /^variables(?:\.\w{1,100}){1,20}$/;

/** The library's class, whose types leave out how it is settled. */
type Pending = Upload & { resolve(file: FileUpload): void; reject(error: Error): void };

type Operation = Readonly<Record<string, unknown>>;

/**
 * The operation, as soon as it was read; its file may still be on its way.
 * @throws AppError BAD_USER_INPUT, TOO_LARGE
 */
export function readUploadForm(request: IncomingMessage): Promise<Operation> {
  return new Promise((resolve, reject) => {
    const form = formReader(request);
    const waiting = new Map<string, Pending>();
    let operation: Operation | undefined;
    let isMapped = false;
    const refuse = (error: AppError): void => {
      reject(error);
      for (const upload of waiting.values()) upload.reject(error);
      request.unpipe(form);
      request.resume();
      form.destroy(error);
    };
    // more than one may come, and one that nobody listens to ends the process
    form.on('error', (error) =>
      refuse(
        error instanceof AppError ? error : malformed('it is malformed or ends early: send the file again', error),
      ),
    );
    form.on('filesLimit', () => refuse(malformed('it has more than one file')));
    form.on('fieldsLimit', () => refuse(malformed('it has more fields than "operations" and "map"')));
    form.on('field', (name, value, { valueTruncated }) => {
      try {
        if (valueTruncated)
          throw new AppError('TOO_LARGE', `The multipart request's fields take at most ${FIELD_BYTES_MAX} bytes`);
        if (name === 'operations' && operation === undefined) operation = objectIn(value, 'operations');
        else if (name === 'map' && operation !== undefined && !isMapped) {
          isMapped = true;
          for (const [field, paths] of Object.entries(objectIn(value, 'map')))
            waiting.set(field, placed(operation, paths));
          if (waiting.size > 1) throw malformed('"map" names more than one file');
          resolve(operation);
        } else throw malformed('its fields are not "operations", then "map"');
      } catch (error) {
        refuse(error as AppError);
      }
    });
    form.on('file', (name, stream, { filename, encoding, mimeType: mimetype }) => {
      // whoever reads the file meets its error there
      stream.on('error', () => undefined);
      const upload = waiting.get(name);
      if (!isMapped) refuse(malformed('"operations" and "map" come before the file'));
      else if (upload === undefined) stream.resume();
      else
        upload.resolve({
          fieldName: name,
          filename: filename ?? '',
          encoding,
          mimetype,
          createReadStream: () => stream as unknown as ReturnType<FileUpload['createReadStream']>,
        });
    });
    form.once('close', () => {
      if (!isMapped) refuse(malformed('it has no "operations" or no "map"'));
      for (const upload of waiting.values()) upload.reject(malformed('it has no file where "map" says there is one'));
    });
    request.once('close', () => {
      if (!request.complete) refuse(malformed('it ended early: send the file again'));
    });
    request.pipe(form);
  });
}

function formReader({ headers }: IncomingMessage): busboy.Busboy {
  try {
    return busboy({ headers, defParamCharset: 'utf8', limits: { fieldSize: FIELD_BYTES_MAX, fields: 2, files: 1 } });
  } catch (error) {
    throw malformed('its Content-Type has no boundary', error);
  }
}

/** @throws AppError BAD_USER_INPUT; the parser's own message quotes the text, which may hold a key */
function objectIn(text: string, field: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(withoutMark(text));
  } catch (error) {
    throw malformed(`"${field}" is no valid JSON`, new Error((error as Error).name));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(`"${field}" is no object`);
  return value as Record<string, unknown>;
}

/** Puts a file that is on its way into the operation's variables. @throws AppError BAD_USER_INPUT */
function placed(operation: Operation, paths: unknown): Pending {
  const upload = new Upload() as Pending;
  for (const path of Array.isArray(paths) ? (paths as readonly unknown[]) : [undefined]) {
    if (typeof path !== 'string' || !VARIABLE_PATH.test(path))
      throw malformed('"map" takes paths of variables, like {"0": ["variables.input.file"]}');
    const names = path.split('.');
    checkDeclared(operation, names[1] ?? '');
    const last = names.pop() as string;
    let place: unknown = operation;
    for (const name of names)
      place =
        typeof place === 'object' && place !== null && Object.hasOwn(place, name)
          ? (place as Operation)[name]
          : undefined;
    if (typeof place !== 'object' || place === null || (last in place && !Object.hasOwn(place, last)))
      throw malformed('"map" names a place that the variables do not have');
    (place as Record<string, unknown>)[last] = upload;
  }
  return upload;
}

/** A variable that the operation does not have would be passed over, and the file with it. */
function checkDeclared({ query }: Operation, name: string): void {
  if (typeof query === 'string' && !new RegExp(`\\$${name}\\b`).test(query))
    throw malformed(`"map" names the variable "${name}", and the operation has no "$${name}"`);
}

function malformed(what: string, cause?: unknown): AppError {
  return new AppError('BAD_USER_INPUT', `The multipart request cannot be read: ${what}`, defined({ cause }));
}
