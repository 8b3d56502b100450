/**
 * Files that are no backups but are taken for one: the message says what they look like and what to do. And text that
 * begins with a byte-order mark, which is read as if it did not.
 */
import { gzipSync } from 'node:zlib';
import { EVERY_KIND, failureOf, pack, SMALL, unpack } from '../../support/databases/every-kind.js';

const UUID = '5c3f2f6e-1d5c-4f1b-9a63-0f2a4b3c5d6e';
const tar = (): Buffer => {
  const bytes = Buffer.alloc(1_024);
  bytes.write('nb.db');
  bytes.write('ustar\0', 257);
  return bytes;
};

const FILES: Record<string, readonly [bytes: Buffer | string, looksLike: RegExp, instead: RegExp]> = {
  zeros: [Buffer.alloc(3_000), /zeros only, as a power failure/, /another copy/],
  zip: [Buffer.from('PK\x03\x04\x14\x00', 'latin1'), /a zip archive/, /unpack it/],
  tar: [tar(), /a tar archive/, /unpack it/],
  '7z': [Buffer.from("7z\xbc\xaf'\x1c", 'latin1'), /a 7z or RAR archive/, /unpack it/],
  xz: [Buffer.from('\xfd7zXZ\0', 'latin1'), /not by gzip/, /by gzip/],
  bzip2: [Buffer.from('BZh91AY&SY', 'latin1'), /not by gzip/, /by gzip/],
  zstd: [Buffer.from('\x28\xb5\x2f\xfd\x04', 'latin1'), /not by gzip/, /by gzip/],
  openssl: [Buffer.from('Salted__12345678'), /another program encrypted/, /decrypt it/],
  'a key': ['-----BEGIN PRIVATE KEY-----\n', /a key or a certificate/, /ovsdb-client backup/],
  SQL: ['-- MySQL dump 10.13\n--\n', /an SQL database/, /ovsdb-client backup/],
  'UTF-16 with a mark': [Buffer.from('\ufeff{"format":"ovncp-backup/1"', 'utf16le'), /UTF-16/, /iconv/],
  'UTF-16 without one': [Buffer.from('OVSDB JSON 12 ', 'utf16le'), /UTF-16/, /iconv/],
  'UTF-16, the other way round': [Buffer.from('OVSDB JSON 12 ', 'utf16le').swap16(), /UTF-16/, /iconv/],
  HTML: ['\n<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title>', /a page of HTML or XML/, /fetch the backup/],
  XML: ['<?xml version="1.0"?><Error><Code>AccessDenied</Code>', /a page of HTML or XML/, /fetch the backup/],
  'an answer with its head': ['HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{', /with its head/, /curl -i/],
  'a form': ['--xyz\r\nContent-Disposition: form-data; name="file"\r\n\r\n{', /a web form/, /multipart/],
  dump: ['ACL table\n_uuid action direction\n----- ------\n', /"ovsdb-client dump" prints/, /ovsdb-client backup/],
  'dump as JSON': [
    '{"caption":"ACL table","data":[],"headings":["_uuid"]}\n{"caption":"BFD table"',
    /dump" prints/,
    /./,
  ],
  'dump as JSON, its rows first': ['{"data":[[["uuid","x"]]],"headings":["_uuid"]}', /dump" prints/, /./],
  'dump as HTML': ['<table border=1>\n  <caption>ACL table</caption>', /dump" prints/, /./],
  'a schema': [JSON.stringify(EVERY_KIND.json, null, 4), /a schema \(\.ovsschema\)/, /ovsdb-client backup/],
  'a schema as get-schema prints it': [
    `{"cksum":"1 2","name":"X","tables":{"ACL":{"columns":{"a":{"type":"string"}}}}}`,
    /a schema/,
    /./,
  ],
  'ovn-nbctl show': [`switch ${UUID} (sw0)\n    port p1\n        addresses: ["dynamic"]\n`, /ovn-nbctl show/, /backup/],
  'ovs-vsctl show': [`${UUID}\n    Bridge br-int\n`, /prints for people/, /ovsdb-client backup/],
  'ovn-nbctl list': [`_uuid               : ${UUID}\nacls                : []\n`, /"list"/, /ovsdb-client backup/],
  'ovn-nbctl list of one column': [`name                : sw0\n\nname                : sw1\n`, /"list"/, /./],
  'show-log': ['record 0: "OVN_Northbound" schema, version="7.0.0"\n', /show-log/, /the database file itself/],
  'a database file with Windows line ends': [
    `OVSDB JSON 14 ${'0'.repeat(40)}\r\n{"name":"x"}\r\n`,
    /line ends/,
    /as a binary file/,
  ],
  'a manifest': ['{\n "format": "ovncp-manifest/1",\n "id": "x"\n}\n', /manifest \(\.meta\)/, /without \.meta/],
  'the record of a restore': ['{"format":"ovncp-restore/1","id":"x"}', /a record of this server/, /./],
  'an error of REST': ['{"error": "Backup not found", "code": "NOT_FOUND"}', /an answer of a server/, /fetch/],
  'an answer of GraphQL': ['{"data":{"backups":{"nodes":[]}}}', /an answer of a server/, /fetch/],
  'the result of a transaction': ['[{"rows":[{"name":"x"}]}]', /a JSON list/, /ovsdb-client backup/],
  'Git LFS': ['version https://git-lfs.github.com/spec/v1\noid sha256:12\n', /Git LFS/, /git lfs pull/],
  Kubernetes: ['apiVersion: v1\nkind: Pod\n', /Kubernetes/, /ovsdb-client backup/],
  base64: [Buffer.from('{"format":"ovncp-backup/1"}').toString('base64'), /base64/, /base64 -d/],
};

describe('a file that is no backup', () => {
  it.each(Object.keys(FILES))('says what it looks like, compressed or not: %s', async (name) => {
    const [content, looksLike, instead] = FILES[name] ?? ['', /^$/, /^$/];
    const bytes = Buffer.from(content as Buffer);
    for (const file of [bytes, gzipSync(bytes)]) {
      const { code, message } = await failureOf(unpack(file));
      expect(code).toBe('INTEGRITY_FAILED');
      expect(message).toMatch(/^(The file|What is compressed in the file) is no backup\. It looks like /);
      expect(message).toMatch(looksLike);
      expect(message).toMatch(instead);
    }
  });

  it('that was compressed twice says so', async () => {
    const { message } = await failureOf(unpack(gzipSync(gzipSync('{}'))));
    expect(message).toMatch(/compressed twice: unpack it once/);
  });

  it('that is empty says so', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('\ufeff')])
      expect((await failureOf(unpack(bytes))).message).toMatch(/^The file is empty: /);
    expect((await failureOf(unpack(gzipSync('')))).message).toMatch(/^What is compressed in the file is empty: /);
  });

  it('that looks like nothing says what would do', async () => {
    const { code, message } = await failureOf(unpack(Buffer.from('%PDF-1.7 ...')));
    expect(code).toBe('INTEGRITY_FAILED');
    expect(message).toMatch(/^The file is no archive that is known here: .*ovsdb-client backup/);
  });

  it('of another database says what that is for, and which file is wanted', async () => {
    const schema = { ...EVERY_KIND.json, name: 'OVN_Southbound' };
    const document = JSON.stringify({ format: 'ovncp-backup/1', schema, tables: {}, contentDigest: 'none' });
    expect(await failureOf(unpack(document, { schemaNames: ['OVN_Northbound'] }))).toEqual({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(
        /OVN_Southbound \(version 1\.2\.3\).*ovn-northd.*make it anew.*Send a file of OVN_Northbound.*ovnnb_db\.db/,
      ) as string,
    });
  });
});

it('a damaged backup says where it is damaged, whatever it begins with', async () => {
  const json = JSON.stringify({
    name: 'a note',
    format: 'ovncp-backup/1',
    schema: EVERY_KIND.json,
    tables: { Nope: {} },
  });
  expect((await failureOf(unpack(json))).message).toMatch(/table "Nope"/);
});

describe('a byte-order mark', () => {
  it.each(['JSON', 'YAML', 'OVSDB'] as const)(
    'before %s is passed over, and counts as a byte of it',
    async (format) => {
      const plain = await pack(SMALL, { format, compress: false });
      const marked = Buffer.concat([Buffer.from('\ufeff'), plain.bytes]);
      for (const [file, chunkBytes] of [
        [marked, 1],
        [marked, 65_536],
        [gzipSync(marked), 100],
      ] as const) {
        const read = await unpack(file, {}, chunkBytes);
        expect(read).toMatchObject({ format, contentDigest: plain.contentDigest, contentSize: marked.length });
        const { checksum, size, contentDigest } = read;
        const again = await unpack(file, { expected: { checksum, size, contentDigest } }, chunkBytes);
        expect(again.contentDigest).toBe(plain.contentDigest);
      }
    },
  );

  it('before another layout of YAML is passed over too', async () => {
    const yaml = JSON.stringify({
      contentDigest: 'none',
      tables: {},
      schema: EVERY_KIND.json,
      format: 'ovncp-backup/1',
    });
    const read = await unpack(`\ufeff# a comment\n${yaml}\n`);
    expect(read.format).toBe('YAML');
  });
});
