/**
 * Archives of every format version stay readable for ever. The files under v1 were written once by
 * version 1 and are never written again: a change that cannot read them breaks somebody's backups.
 */
import { readFile } from 'node:fs/promises';
import { headerOf, pack, SMALL, textsOf, unpack } from '../support/databases/every-kind.js';

const PASSPHRASE = 'golden passphrase';
const CONTENT_DIGEST = 'sha256:0946598e952c4064f1ec6d465ddbc0a24aa3ce32b859be326c3b1a9af45e09d9';

const FILES = [
  { name: 'small.json', format: 'JSON', compressed: false, encrypted: false },
  { name: 'small.yaml', format: 'YAML', compressed: false, encrypted: false },
  { name: 'small.db', format: 'OVSDB', compressed: false, encrypted: false },
  { name: 'small.json.gz', format: 'JSON', compressed: true, encrypted: false },
  { name: 'small.json.gz.enc', format: 'JSON', compressed: true, encrypted: true },
] as const;

describe('archives of version 1', () => {
  for (const { name, format, compressed, encrypted } of FILES) {
    it(`reads ${name}`, async () => {
      const bytes = await readFile(new URL(`v1/${name}`, import.meta.url));
      const unpacked = await unpack(bytes, { passphrase: encrypted ? PASSPHRASE : undefined });
      expect(unpacked).toMatchObject({
        format,
        compressed,
        encrypted,
        contentDigest: CONTENT_DIGEST,
        header: headerOf(SMALL),
      });
      expect(textsOf(unpacked.snapshot)).toEqual(textsOf(SMALL));
      // the quick way, for archives whose digest is known
      const known = await unpack(bytes, { passphrase: encrypted ? PASSPHRASE : undefined, expected: unpacked });
      expect(textsOf(known.snapshot)).toEqual(textsOf(SMALL));
    });
  }

  it('still writes the same documents', async () => {
    for (const { name, format, compressed } of FILES) {
      if (compressed) continue;
      const packed = await pack(SMALL, { format, compress: false });
      expect(packed.bytes.toString()).toBe(await readFile(new URL(`v1/${name}`, import.meta.url), 'utf8'));
    }
  });
});
