// npm run bench:chassis [-- --runs 5]
//
// What a whole chassis feels when a switch is restored, by this server and by `ovsdb-client restore`: the network of the
// demo, with northd, ovn-controller and ovs-vswitchd. Each run loses and restores the switch once with each of the two, on
// a network that is new. Prints a table of medians.

import { register } from 'node:module';
import { parseArgs } from 'node:util';
import { median } from './report.mjs';

const { values: options } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const runs = Number(options.runs);
if (!Number.isInteger(runs) || runs < 1) {
  console.error('chassis: --runs takes a whole number');
  process.exit(2);
}

register('../support/jest/typescript-loader.mjs', import.meta.url);
const { ChassisStory } = await import('../support/servers/chassis-story.ts');

/** Who restores -> how. */
const WAYS = {
  'this server': (story) => story.restoreHere(),
  '`ovsdb-client restore`': (story) => story.restoreByTool(),
};
const ROWS = {
  'OpenFlow flows of the rest of the network, sent again': ({ sentAgain, survived }) => [
    sentAgain.length,
    (sent) => `${sent} of ${survived}`,
  ],
  'packets of the rest of the network': ({ packetsLost, silentSeconds }) => [
    silentSeconds,
    () => (packetsLost === 0 ? 'all arrive' : `lost for ${silentSeconds.toFixed(2)} s`),
  ],
  'until the chassis has taken it over': ({ seconds, answer }) => [
    seconds,
    () =>
      `${seconds.toFixed(2)} s${answer ? `, ${answer.result.convergenceSeconds.toFixed(2)} s of it after the commit` : ''}`,
  ],
};

async function feel(restore) {
  const story = await ChassisStory.begin();
  try {
    return await story.feel(() => restore(story));
  } finally {
    await story.stop();
  }
}

const felt = Object.fromEntries(Object.keys(WAYS).map((way) => [way, []]));
for (let run = 1; run <= runs; run++)
  for (const [way, restore] of Object.entries(WAYS)) {
    const one = await feel(restore);
    felt[way].push(one);
    const { sentAgain, sent, survived, whole, packets, packetsLost, seconds } = one;
    console.log(
      `run ${run}, ${way}: ${survived} of ${whole} flows lived through the loss, ${sentAgain.length} of them were sent ` +
        `again, ${sent} flows were sent in all; ${packetsLost} of ${packets} packets lost; ${seconds.toFixed(2)} s`,
    );
  }

const ways = Object.keys(WAYS);
console.log(`\n| | ${ways.join(' | ')} |\n|---|${'---|'.repeat(ways.length)}`);
for (const [title, cell] of Object.entries(ROWS)) {
  // the run in the middle, by the figure of the row
  const shown = ways.map((way) => {
    const middle = median(felt[way].map((one) => cell(one)[0]));
    const one = felt[way].toSorted((a, b) => Math.abs(cell(a)[0] - middle) - Math.abs(cell(b)[0] - middle))[0];
    const [value, print] = cell(one);
    return print(value);
  });
  console.log(`| ${title} | ${shown.join(' | ')} |`);
}
process.exit(0);
