/** Conversations over graphql-ws that no client would hold: any message, in any order, and frames that are no text. */
import fc from 'fast-check';
import { WebSocket } from 'ws';
import type { GraphQLInput, GraphQLShapes } from './graphql.js';
import { hostileJson, hostileText, printed } from './value.js';
import { HANG_MS } from './wire.js';

/** A frame: text with marks, or bytes. */
export type Frame = { readonly text: unknown } | { readonly bytes: Uint8Array };

export interface Conversation {
  readonly protocol: string | undefined;
  readonly frames: readonly Frame[];
  /** Waits for the answer to the first frame. */
  readonly isPatient: boolean;
}

const SUBSCRIPTIONS = [
  'subscription { restoreActivity { phase } }',
  'subscription { restoreProgress(restoreId: "§restore§") { phase result { success } } }',
  'subscription { restoreProgress(restoreId: "x") { phase } }',
  'subscription { backupProgress(jobId: "x") { phase } }',
  'subscription { nothing }',
  'subscription S($id: ID!) { restoreProgress(restoreId: $id) { phase } }',
];
/** Their results are looked at over HTTP, where it is known when they have ended. */
const RESTORING = /restoreBackup|undoRestore|confirmRestore|deleteBackup/;

export function conversations(shapes: GraphQLShapes): fc.Arbitrary<Conversation> {
  const id = fc.oneof({ arbitrary: fc.constantFrom('1', '2', '3'), weight: 5 }, { arbitrary: hostileText, weight: 1 });
  const subscription = fc
    .tuple(fc.constantFrom(...SUBSCRIPTIONS), hostileJson)
    .map(
      ([query, value]): GraphQLInput =>
        query.startsWith('subscription S') ? { query, variables: { id: value } } : { query },
    );
  const payload = fc.oneof(
    subscription,
    shapes
      .input()
      .map((input) => (RESTORING.test(JSON.stringify(input)) ? { query: '{ viewer { subject } }' } : input)),
  );
  const init = fc.constant<Frame>({ text: { type: 'connection_init', payload: { Authorization: 'Bearer §token§' } } });
  const message = fc.oneof(
    {
      arbitrary: fc
        .tuple(id, payload)
        .map(([one, given]): Frame => ({ text: { id: one, type: 'subscribe', payload: given } })),
      weight: 30,
    },
    { arbitrary: id.map((one): Frame => ({ text: { id: one, type: 'complete' } })), weight: 6 },
    {
      arbitrary: fc
        .constantFrom('ping', 'pong', 'ping', 'pong', 'ping', 'connection_ack', 'next', 'toString')
        .chain((type) =>
          fc.oneof(fc.constant({}), hostileJson).map((given): Frame => ({ text: { type, id: '1', payload: given } })),
        ),
      weight: 2,
    },
    {
      arbitrary: fc
        .record({
          type: fc.oneof(fc.constantFrom('connection_init', 'subscribe'), hostileText),
          id: hostileJson,
          payload: hostileJson,
        })
        .map((text): Frame => ({ text })),
      weight: 1,
    },
    { arbitrary: init, weight: 1 },
    { arbitrary: hostileJson.map((text): Frame => ({ text })), weight: 1 },
    { arbitrary: fc.uint8Array({ maxLength: 50 }).map((bytes): Frame => ({ bytes })), weight: 1 },
  );
  const protocol = fc.oneof(
    { arbitrary: fc.constant<string | undefined>('graphql-transport-ws'), weight: 12 },
    { arbitrary: fc.constantFrom<string | undefined>(undefined, 'graphql-ws', 'x'), weight: 1 },
  );
  const begun = fc
    .tuple(init, fc.array(message, { minLength: 1, maxLength: 6 }))
    .map(([first, rest]) => ({ frames: [first, ...rest], isPatient: true }));
  const frames = fc.oneof(
    { arbitrary: begun, weight: 8 },
    { arbitrary: fc.array(message, { maxLength: 4 }).map((list) => ({ frames: list, isPatient: false })), weight: 1 },
  );
  return fc.tuple(protocol, frames).map(([one, made]) => ({ protocol: one, ...made }));
}

export interface Heard {
  readonly messages: readonly string[];
  /** Undefined: the server did not close it. */
  readonly closed: { readonly code: number; readonly reason: string } | undefined;
}

/**
 * Holds a conversation: sends all, and listens until the server has seen the last of it.
 * @throws Error when it is silent for HANG_MS
 */
export function converse(
  url: string,
  { protocol, frames, isPatient }: Conversation,
  ids: Readonly<Record<string, string>>,
): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const socket = protocol === undefined ? new WebSocket(url) : new WebSocket(url, protocol);
    const messages: string[] = [];
    const timer = setTimeout(() => {
      socket.terminate();
      reject(
        new Error(
          `the socket was silent for ${String(HANG_MS)} ms after ${messages.slice(-3).join(' ').slice(0, 500)}`,
        ),
      );
    }, HANG_MS);
    const end = (closed: Heard['closed']): void => {
      clearTimeout(timer);
      socket.terminate();
      resolve({ messages, closed });
    };
    const send = (list: readonly Frame[]): void => {
      for (const frame of list) socket.send('bytes' in frame ? frame.bytes : printed(frame.text, ids));
    };
    const rest = (list: readonly Frame[]): void => {
      send(list);
      socket.send('{"type":"ping","payload":{"last":"one"}}');
    };
    // mostly what comes after the first message is sent when the server has said yes to that
    socket.on('open', () => (isPatient ? send(frames.slice(0, 1)) : rest(frames)));
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      messages.push(text);
      if (isPatient && messages.length === 1) rest(frames.slice(1));
      if (text.includes('"last":"one"')) end(undefined);
    });
    socket.on('error', () => end({ code: 0, reason: 'refused' }));
    socket.on('close', (code, reason) => end({ code, reason: reason.toString() }));
  });
}
