// Starts programs for a test process (programs.ts), whose child it is. To fork a process that holds a gigabyte, as that
// does, takes a tenth of a second of two cores each time; to fork this one, a few milliseconds. It ends when that process
// does.
import { execFile, spawn } from 'node:child_process';

const tell = (message) => process.connected && process.send(message);

function run(id, { command, words, options, input }) {
  const child = execFile(command, words, { ...options, encoding: 'buffer' }, (error, stdout, stderr) => {
    const { message, code, signal, killed } = error ?? {};
    tell({ id, event: 'RAN', stdout, stderr, ...(error === null ? {} : { error: { message, code, signal, killed } }) });
  });
  // a program that ends without reading it breaks the pipe, which is no fault
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
}

function start(id, { command, words, options }) {
  const child = spawn(command, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  child.once('spawn', () => tell({ id, event: 'STARTED', pid: child.pid }));
  child.once('error', ({ message, code }) => tell({ id, event: 'FAILED', error: { message, code } }));
  for (const stream of ['stdout', 'stderr'])
    child[stream].on('data', (bytes) => tell({ id, event: 'WROTE', stream, bytes }));
  child.once('close', (code, signal) => tell({ id, event: 'ENDED', code, signal }));
}

process.on('message', ({ id, kind, ...program }) => (kind === 'RUN' ? run : start)(id, program));
process.on('disconnect', () => process.exit());
