// Another client of an ovsdb-server: sends an echo every 10 ms on a connection of its own, whether or not the last one
// was answered, until its standard input ends; then prints the milliseconds that each answer took.
// A process of its own, so that pauses of the benchmark do not count: `observer.mjs SOCKET`.

import { connect } from 'node:net';

const INTERVAL_MS = 10;
const [, , path] = process.argv;
const socket = connect({ path });
const sent = new Map();
const waits = [];
let text = '';
let next = 0;
let isOver = false;

function finish() {
  process.stdout.write(JSON.stringify(waits));
  socket.destroy();
}

socket.setEncoding('latin1');
socket.on('data', (chunk) => {
  text += chunk;
  // every document on this connection is small and flat: it ends at the first closing brace
  for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
    const message = JSON.parse(text.slice(0, end + 1));
    text = text.slice(end + 1);
    if (message.method === 'echo')
      socket.write(JSON.stringify({ id: message.id, result: message.params, error: null }));
    const began = sent.get(message.id);
    if (began === undefined) continue;
    sent.delete(message.id);
    waits.push(performance.now() - began);
    if (isOver && sent.size === 0) finish();
  }
});
socket.on('connect', () => {
  process.stdout.write('ready\n');
  const timer = setInterval(() => {
    sent.set(++next, performance.now());
    socket.write(`{"id":${next},"method":"echo","params":[]}`);
  }, INTERVAL_MS);
  process.stdin.resume();
  process.stdin.on('end', () => {
    clearInterval(timer);
    isOver = true;
    if (sent.size === 0) finish();
  });
});
