/**
 * Files that are taken for a backup and are none: what they look like, and what to do instead. It is asked only of what
 * cannot be read, so that nothing is refused for its looks.
 */
import { textAfterMark } from '../../lib/text/byte-order-mark.js';
import { HEAD_BYTES } from './recognise.js';

interface Foreign {
  /** Bytes as Latin-1, without a byte-order mark and white space at the start. */
  readonly begins: RegExp;
  /** After "looks like". */
  readonly what: string;
  readonly instead: string;
}

const UNPACK = 'unpack it, and send the file inside';
const BACK_UP =
  'send what "ovsdb-client backup REMOTE DATABASE" writes, the file that ovsdb-server keeps, or an export of a backup';

const FOREIGN: readonly Foreign[] = [
  {
    begins: /^\0+$/,
    what: 'one of zeros only, as a power failure or a full disk leaves it',
    instead: 'take another copy',
  },
  { begins: /^PK(?:\x03\x04|\x05\x06)/, what: 'a zip archive', instead: UNPACK },
  { begins: /^[^]{257}ustar/, what: 'a tar archive', instead: UNPACK },
  { begins: /^7z\xbc\xaf'\x1c|^Rar!\x1a/, what: 'a 7z or RAR archive', instead: UNPACK },
  { begins: /^\x1f\x8b/, what: 'one that was compressed twice', instead: 'unpack it once (gunzip), and send that' },
  {
    begins: /^\xfd7zXZ\0|^BZh[1-9]|^\(\xb5\/\xfd|^\x04"M\x18|^LZIP/,
    what: 'one that is compressed, but not by gzip (xz, bzip2, zstd, lz4)',
    instead: 'unpack it, and send it as it is or compressed by gzip',
  },
  {
    begins: /^Salted__|^-----BEGIN PGP MESSAGE|^age-encryption\.org\//,
    what: 'one that another program encrypted (openssl, gpg, age)',
    instead: 'decrypt it with that program first',
  },
  { begins: /^-----BEGIN /, what: 'a key or a certificate', instead: BACK_UP },
  { begins: /^SQLite format 3\0|^(?:--\s*)*(?:MySQL|MariaDB|PostgreSQL) /, what: 'an SQL database', instead: BACK_UP },
  {
    begins: /^(?:\xff\xfe|\xfe\xff)|^[ -~]\0[\t\r\n -~]\0|^\0[ -~]\0[\t\r\n -~]/,
    what: 'text in UTF-16, as ">" of Windows PowerShell writes it',
    instead: 'turn it into UTF-8 (iconv -f UTF-16 -t UTF-8), or take it again without PowerShell between',
  },
  {
    begins: /^<(?:\?xml|!doctype|html|head|body|title)/i,
    what: 'a page of HTML or XML, such as the error page of a proxy or a login',
    instead: 'see what it says, and fetch the backup again',
  },
  { begins: /^HTTP\/\d/, what: 'an answer of a web server with its head', instead: 'fetch it without (no curl -i)' },
  {
    begins: /^--[^\r\n]{1,200}\r?\nContent-Disposition:/i,
    what: 'a web form with the file in it',
    instead: 'send the form with its Content-Type (multipart/form-data; boundary=...), or the file alone',
  },
  {
    begins: /^\w+ table\r?\n|^<table[^>]*>\s*<caption>|^\{\s*"(?:caption|headings)"\s*:|^\{\s*"data"\s*:\s*\[\s*\[/,
    what: 'what "ovsdb-client dump" prints, which lacks the schema and the types',
    instead: BACK_UP,
  },
  {
    begins: /^\{\s*"(?:name|version|cksum)"\s*:(?=[^]*"columns"\s*:)(?![^]*"format"\s*:)/,
    what: 'a schema (.ovsschema), which says how rows may be and has none',
    instead: BACK_UP,
  },
  {
    begins:
      /^(?:(?:switch|router) )?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?: \(|\r?\n)|^_uuid +: |^[a-z]\w* {3,}: /,
    what: 'what "ovn-nbctl show" or "list", or a program like that, prints for people',
    instead: BACK_UP,
  },
  { begins: /^record \d+: /, what: 'what "ovsdb-tool show-log" prints', instead: 'send the database file itself' },
  {
    begins: /^OVSDB (?:JSON|CLUSTER) \d+ [0-9a-f]{40}\r\n/,
    what: 'a database file whose line ends were turned into those of Windows',
    instead: 'copy it again, as a binary file',
  },
  {
    begins: /^\{\s*"format"\s*:\s*"ovncp-manifest\//,
    what: 'the manifest (.meta) that stands beside a backup',
    instead: 'send the file beside it, of the same name without .meta',
  },
  { begins: /^\{\s*"format"\s*:\s*"ovncp-(?!backup)/, what: 'a record of this server', instead: BACK_UP },
  {
    begins: /^\{\s*"(?:(?:errors?|backups?|message)"\s*:|data"\s*:\s*[{n])/,
    what: 'an answer of a server, perhaps an error, and not the file that was asked for',
    instead: 'see what it says, and fetch the backup again',
  },
  { begins: /^\[/, what: 'a JSON list, such as what "ovsdb-client transact" prints', instead: BACK_UP },
  {
    begins: /^version https:\/\/git-lfs/,
    what: 'what Git LFS keeps in the place of a file',
    instead: 'fetch the file itself (git lfs pull)',
  },
  { begins: /^(?:apiVersion|kind): /, what: 'a manifest of Kubernetes', instead: BACK_UP },
  {
    begins: /^(?:H4sI|T1ZTREIg|T1ZOQ1BFTk|eyJmb3JtYXQi)/,
    what: 'one in base64',
    instead: 'decode it (base64 -d), and send that',
  },
];

/** What a file looks like that is no backup, and what to do instead, where it is known: "a zip archive: unpack ...". */
export function foreignFile(head: Buffer): string | undefined {
  const text = textAfterMark(head).toString('latin1', 0, HEAD_BYTES).trimStart();
  const found = FOREIGN.find(({ begins }) => begins.test(text));
  return found === undefined ? undefined : `${found.what}: ${found.instead}`;
}
