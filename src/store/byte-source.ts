/** Taking bytes from a source that may fail, hang or be given up. */

/** Chunks of a source, or of one array of bytes. */
export async function* chunksOf(
  source: AsyncIterable<Uint8Array> | Uint8Array,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) yield source;
  else if (signal === undefined) yield* source;
  else yield* untilAborted(source, signal);
}

/** Throws the signal's reason as soon as it is aborted, even while the source is silent. */
async function* untilAborted(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const next = await orAborted(iterator.next(), signal);
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    if (!ended) {
      const closed = Promise.resolve(iterator.return?.());
      // A source that hangs never closes either, and what it throws then interests nobody: the abort is the news.
      if (signal.aborted) closed.catch(() => undefined);
      else await closed;
    }
  }
}

// Not Promise.race with one promise for the signal: that would keep every chunk until the end.
function orAborted<T>(step: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    const settled = (): void => signal.removeEventListener('abort', onAbort);
    step.then(resolve, reject).finally(settled);
    if (signal.aborted) onAbort();
  });
}
