// Another client of the server: asks for a short list every 20 ms, whether or not the last answer
// has come, until its standard input ends; then prints how long each answer took, in ms.
// A process of its own, so that pauses of the benchmark do not count: `probe.mjs URL`, token in PROBE_TOKEN.

import { Agent, request } from 'node:http';

const INTERVAL_MS = 20;
const WARM_UP = 25;
const [, , address] = process.argv;
const url = new URL(address);
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const body = JSON.stringify({ query: '{ backups(first: 10) { nodes { id name } } }' });
const headers = {
  'content-type': 'application/json',
  'content-length': Buffer.byteLength(body),
  authorization: `Bearer ${process.env.PROBE_TOKEN}`,
};

/** Resolves to the milliseconds until the whole answer was here. */
function ask() {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => {
        if (response.statusCode === 200 && !text.includes('"errors"')) resolve(performance.now() - began);
        else reject(new Error(`the server answered ${String(response.statusCode)}: ${text.slice(0, 500)}`));
      });
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

for (let i = 0; i < WARM_UP; i++) await ask();
process.stdout.write('ready\n');
const asked = [];
const timer = setInterval(() => asked.push(ask()), INTERVAL_MS);
process.stdin.resume();
process.stdin.on('end', async () => {
  clearInterval(timer);
  process.stdout.write(JSON.stringify(await Promise.all(asked)));
  agent.destroy();
});
