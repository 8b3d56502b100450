/**
 * Turns a whole YAML document into JSON in a thread of its own, limited in time and memory: a YAML parser
 * cannot be interrupted, and text from outside may be made to exhaust it.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../lib/clock.js';
import { AppError, errnoOf, messageOf } from '../../lib/error.js';

const TIMEOUT_MS = 120_000;
const HEAP_MIB_MAX = 512;

/** Kept as text so that it runs the same from sources, from a build and under a test runner. */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const { defineScalarTag, JSON_SCHEMA, load, NOT_RESOLVED } = require(workerData.yaml);
const integer = defineScalarTag('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: ['-', ...'0123456789'],
  identify: () => false,
  resolve: (source) => {
    if (!/^-?(?:0|[1-9]\\d*)$/.test(source)) return NOT_RESOLVED;
    const number = Number(source);
    return Number.isSafeInteger(number) ? number : BigInt(source);
  },
});
function json(value) {
  if (typeof value === 'bigint') return String(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return '[' + value.map(json).join(',') + ']';
  return '{' + Object.entries(value).map(([key, member]) => JSON.stringify(key) + ':' + json(member)).join(',') + '}';
}
try {
  const text = Buffer.from(workerData.text).toString();
  const value = load(text, { schema: JSON_SCHEMA.withTags(integer), maxAliases: 0 });
  parentPort.postMessage({ json: new TextEncoder().encode(json(value)) });
} catch (error) {
  parentPort.postMessage({ error: String(error && error.message).split('\\n', 1)[0] });
}
`;

type Answer = { readonly json: Uint8Array } | { readonly error: string };

/** @throws AppError INTEGRITY_FAILED when it is no YAML of JSON's types; the signal's reason when aborted */
export async function yamlAsJson(text: Buffer, clock: Clock, signal: AbortSignal | undefined): Promise<Buffer> {
  signal?.throwIfAborted();
  const worker = new Worker(THREAD, {
    eval: true,
    workerData: { yaml: createRequire(import.meta.url).resolve('js-yaml'), text },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
  });
  let callOff: (() => void) | undefined;
  let onAbort: (() => void) | undefined;
  try {
    const answer = await new Promise<Answer>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      callOff = clock.alarm(TIMEOUT_MS, () => reject(unreadable(`it takes more than ${TIMEOUT_MS} ms to parse`)));
      onAbort = () => reject(signal?.reason as Error);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
    if ('error' in answer) throw unreadable(answer.error);
    return Buffer.from(answer.json.buffer, answer.json.byteOffset, answer.json.byteLength);
  } catch (error) {
    if (errnoOf(error) === 'ERR_WORKER_OUT_OF_MEMORY') throw unreadable(messageOf(error), error);
    throw error;
  } finally {
    callOff?.();
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
}

function unreadable(what: string, cause?: unknown): AppError {
  return new AppError(
    'INTEGRITY_FAILED',
    `The YAML document cannot be read: ${what}. Correct it, or convert it to JSON`,
    { cause },
  );
}
