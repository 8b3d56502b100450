// Another client that writes: commits transactions at an even rate until its standard input ends, then prints
// {"committed"}: `writer.mjs SOCKET RATE`. Each makes a switch with two ports, changes one that is there or deletes
// one.

import { connect } from 'node:net';

const [, , path, rate] = process.argv;
const socket = connect({ path });
const switches = [];
let number = 0;
let committed = 0;
let failed = '';
let waiting = 0;
let isOver = false;
let text = '';

function operations() {
  number++;
  if (number % 3 === 0 && switches.length > 0)
    return [{ op: 'delete', table: 'Logical_Switch', where: [['name', '==', switches.shift()]] }];
  const name = `others-${process.pid}-${number}`;
  if (number % 3 === 1 || switches.length === 0) {
    switches.push(name);
    const ports = ['a', 'b'].map((letter) => ({
      op: 'insert',
      table: 'Logical_Switch_Port',
      'uuid-name': letter,
      row: { name: `${name}-${letter}` },
    }));
    return [
      ...ports,
      {
        op: 'insert',
        table: 'Logical_Switch',
        row: {
          name,
          ports: [
            'set',
            [
              ['named-uuid', 'a'],
              ['named-uuid', 'b'],
            ],
          ],
        },
      },
    ];
  }
  return [
    { op: 'insert', table: 'Logical_Switch_Port', 'uuid-name': 'a', row: { name } },
    {
      op: 'mutate',
      table: 'Logical_Switch',
      where: [['name', '==', switches[0]]],
      mutations: [['ports', 'insert', ['set', [['named-uuid', 'a']]]]],
    },
  ];
}

function finish() {
  if (failed !== '') {
    console.error(failed);
    process.exitCode = 1;
  }
  process.stdout.write(JSON.stringify({ committed }));
  socket.destroy();
}

socket.setEncoding('utf8');
socket.on('data', (chunk) => {
  text += chunk;
  for (let cut = documentEnd(text); cut > 0; cut = documentEnd(text)) {
    const message = JSON.parse(text.slice(0, cut));
    text = text.slice(cut);
    if (message.method === 'echo') {
      socket.write(JSON.stringify({ id: message.id, result: message.params, error: null }));
      continue;
    }
    waiting--;
    if (message.error || message.result.some((result) => result?.error)) failed = JSON.stringify(message);
    else committed++;
    if (isOver && waiting === 0) finish();
  }
});

/** The length of the first whole document; names here hold no braces. */
function documentEnd(all) {
  for (let at = 0, depth = 0; at < all.length; at++) {
    if (all[at] === '{') depth++;
    else if (all[at] === '}' && --depth === 0) return at + 1;
  }
  return 0;
}

socket.on('connect', () => {
  process.stdout.write('ready\n');
  const timer = setInterval(() => {
    // a server that is silent is not piled up with work
    if (waiting > 100) return;
    waiting++;
    socket.write(JSON.stringify({ id: number, method: 'transact', params: ['OVN_Northbound', ...operations()] }));
  }, 1000 / Number(rate));
  process.stdin.resume();
  process.stdin.on('end', () => {
    clearInterval(timer);
    isOver = true;
    if (waiting === 0) finish();
  });
});
