/** Files of cluster members that newer versions of Open vSwitch wrote, with conversions in their logs. */
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { openScratch } from '../../src/state/scratch-file.js';
import { textsOf, unpack } from '../support/databases/every-kind.js';

const fileOf = (name: string): Promise<Buffer> => readFile(new URL(`members/${name}`, import.meta.url));

it.each(['3.5', '4.0'])('reads what OVS %s served after two conversions', async (version) => {
  const bytes = await fileOf(`ovs-${version}-member.db`);
  expect(bytes.toString()).toMatch(/"version":"2.0.0"\},null\]/);
  const served = await unpack(await fileOf(`ovs-${version}-served.db`));
  const scratch = await openScratch(tmpdir());
  try {
    for (const where of [undefined, scratch]) {
      const { snapshot, contentDigest, warnings } = await unpack(bytes, { scratch: where });
      expect(snapshot.schema.version).toBe('3.0.0');
      expect(textsOf(snapshot)).toEqual(textsOf(served.snapshot));
      expect(contentDigest).toBe(served.contentDigest);
      expect(warnings).toEqual([]);
    }
  } finally {
    await scratch.close();
  }
  expect(textsOf(served.snapshot)).toEqual({
    Group: { '00000000-0000-4000-8000-000000000021': expect.stringContaining('"name":"g"') as string },
    Holder: {
      '00000000-0000-4000-8000-000000000031': '{"name":"h"}',
      '00000000-0000-4000-8000-000000000032': '{"name":"i"}',
    },
    Port: {
      '00000000-0000-4000-8000-000000000011': '{"name":["p"],"options":{"a":"b"},"tag":5}',
      '00000000-0000-4000-8000-000000000012': '{"name":[""],"tag":0}',
      '00000000-0000-4000-8000-000000000014': '{"name":["x","y"]}',
    },
    Switch: {
      '00000000-0000-4000-8000-000000000001':
        '{"count":7,"name":"web","novel":["one","two"],"ports":["00000000-0000-4000-8000-000000000011","00000000-0000-4000-8000-000000000012"]}',
      '00000000-0000-4000-8000-000000000002':
        '{"count":0,"name":"db","ports":["00000000-0000-4000-8000-000000000014"]}',
    },
  });
});
