import { setMaxListeners } from 'node:events';

/** A signal that aborts when one of others does, as long as somebody listens through it. */
export interface JoinedSignal {
  readonly signal: AbortSignal;
  /** Stops listening to the others. */
  readonly release: () => void;
}

/**
 * As AbortSignal.any, which in Node.js 20 leaves something behind in each of the others, for good: in a signal that
 * lives as long as the server that adds up.
 */
export function joinSignals(...others: readonly (AbortSignal | undefined)[]): JoinedSignal {
  const joined = new AbortController();
  const heard: (readonly [other: AbortSignal, onAbort: () => void])[] = [];
  for (const other of others) {
    if (other === undefined) continue;
    const onAbort = (): void => joined.abort(other.reason);
    if (other.aborted) onAbort();
    other.addEventListener('abort', onAbort, { once: true });
    heard.push([other, onAbort]);
  }
  return {
    signal: joined.signal,
    release: () => {
      for (const [other, onAbort] of heard) other.removeEventListener('abort', onAbort);
    },
  };
}

/**
 * For a signal that much work listens to, such as one that lives as long as the server, or that of an operation with
 * many fields: Node.js warns of more than ten listeners.
 */
export function sharedController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
