/**
 * What a JSON-RPC message is (RFC 7047, section 4), told from its bytes without parsing it: a reply or a notification
 * may be as large as the database.
 */
import { QUOTE } from '../lib/json-bytes.js';
import { MemberReader, skipString } from './frame.js';
import { isObject, parseJson } from './json.js';

const HEAD = Buffer.from('{"id":');

/**
 * The id of a reply, undefined when the document is a request or a notification (or a reply to
 * nothing of ours). The id is first or last in what servers write; a large document is not read for it.
 */
export function replyId(document: Buffer): number | undefined {
  if (document.length < METHOD_DOCUMENT_BYTES && document.includes('"method":')) {
    const message = parseJson(document.toString());
    if (isObject(message) && message['method'] !== undefined) return undefined;
  }
  const head = document.subarray(0, HEAD.length).equals(HEAD)
    ? /^(\d+),/.exec(document.toString('latin1', HEAD.length, HEAD.length + 20))
    : null;
  const tail = head ?? /"id":(\d+)\}$/.exec(document.toString('latin1', Math.max(0, document.length - 40)));
  if (tail !== null) return Number(tail[1]);
  const members = new MemberReader(document, 0);
  while (members.enter()) {
    members.skip();
    if (members.key() === 'id')
      return (
        Number(/^\d+$/.exec(document.toString('latin1', members.valueStart, members.valueEnd))?.[0] ?? NaN) || undefined
      );
  }
  return undefined;
}

/** Only a small document can be an echo or another request; a reply is told by its id. */
const METHOD_DOCUMENT_BYTES = 64 << 10;

/** A notification of a monitor. */
export interface MonitorNotification {
  readonly method: string;
  /** The monitor's id, a string. */
  readonly monitor: string;
  /** The bytes of a compact JSON array that begins with the id. */
  readonly params: Buffer;
}

/**
 * Reads a notification (update2, monitor_canceled ...) of a monitor whose id is a string; undefined for anything else.
 */
export function monitorNotification(document: Buffer): MonitorNotification | undefined {
  const members = new MemberReader(document, 0);
  let method: string | undefined;
  let params: Buffer | undefined;
  while (members.enter()) {
    members.skip();
    const value = document.subarray(members.valueStart, members.valueEnd);
    if (members.key() === 'method') method = value.toString('latin1').slice(1, -1);
    if (members.key() === 'params') params = value;
  }
  if (method === undefined || params?.[1] !== QUOTE) return undefined;
  return { method, params, monitor: JSON.parse(params.toString('utf8', 1, skipString(params, 1))) as string };
}
