/** Laws and examples of the store's keys. */
import fc from 'fast-check';
import {
  type ArchiveName,
  archiveExtension,
  archiveKey,
  archiveOfManifest,
  changeLogKey,
  downloadName,
  INCOMING_PREFIX,
  incomingKey,
  isArchiveKey,
  isManifestKey,
  KEY_BYTES_MAX,
  leftoverIdOf,
  manifestKey,
  restoreIdOf,
  restoreRecordKey,
  sealedChangeLogKey,
} from '../../../src/service/backup/layout.js';
import { isKey } from '../../../src/store/store.js';

const at = Date.UTC(2026, 0, 5, 3, 4, 9, 999);

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc.string({
    unit: fc.constantFrom('.', '/', '\\', '-', '_', '\0', '\n', ' ', 'a', 'é', '𝒳', '\ud800'),
    maxLength: 300,
  }),
);
const anyArchive: fc.Arbitrary<ArchiveName> = fc.record({
  name: anyText,
  createdAt: fc.integer({ min: Date.UTC(1970), max: Date.UTC(9999, 11, 31) }),
  extension: fc
    .tuple(fc.constantFrom('JSON' as const, 'YAML' as const, 'OVSDB' as const), fc.boolean(), fc.boolean())
    .map(([format, compressed, encrypted]) => archiveExtension(format, { compressed, encrypted })),
});
const sealed = (archive: ArchiveName): ArchiveName => ({ ...archive, extension: '.enc' });
const anyOrdinal = fc.integer({ min: 1, max: 999_999 });

describe('archive keys', () => {
  it('is the name, the time in UTC and the extension', () => {
    expect(archiveKey({ name: 'nightly', createdAt: at, extension: '.json' })).toBe('nightly-20260105-030409.json');
    expect(archiveKey({ name: 'nightly', createdAt: at, extension: '.db.gz.enc' })).toBe(
      'nightly-20260105-030409.db.gz.enc',
    );
    expect(archiveKey({ name: 'nightly', createdAt: at, extension: '.enc' })).toBe('nightly-20260105-030409.enc');
  });

  it('numbers a clash', () => {
    expect(archiveKey({ name: 'nightly', createdAt: at, extension: '.json' }, 2)).toBe(
      'nightly-20260105-030409-2.json',
    );
  });

  it('puts an underscore for every character that is not safe', () => {
    expect(archiveKey({ name: 'a b/c\\d:é𝒳.e-f_g', createdAt: at, extension: '.yaml' })).toBe(
      'a_b_c_d___.e-f_g-20260105-030409.yaml',
    );
  });

  it('begins with a letter or a digit: no hidden file, no parent folder, no option of a program', () => {
    for (const [name, begins] of [
      ['.profile', 'profile'],
      ['../../etc/passwd', 'etc_passwd'],
      ['--checkpoint-action=exec', 'checkpoint-action_exec'],
      ['_x', 'x'],
      ['über', 'ber'],
      ['0', '0'],
      ['', 'backup'],
      ['-', 'backup'],
      ['日本', 'backup'],
    ] as const)
      expect(archiveKey({ name, createdAt: at, extension: '.json' })).toBe(`${begins}-20260105-030409.json`);
  });

  it('refuses an ordinal or a time that would not fit', () => {
    expect(() => archiveKey({ name: 'a', createdAt: at, extension: '.json' }, 0)).toThrow(/^Bug:/);
    expect(() => archiveKey({ name: 'a', createdAt: Date.UTC(10_000, 0), extension: '.json' })).toThrow(/^Bug:/);
  });

  it('makes a safe key that fits from any name', () => {
    fc.assert(
      fc.property(anyArchive, anyOrdinal, (archive, ordinal) => {
        const key = archiveKey(archive, ordinal);
        const manifest = manifestKey(key);
        expect(key).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
        expect(isKey(key) && isKey(manifest)).toBe(true);
        expect(Buffer.byteLength(manifest)).toBeLessThanOrEqual(KEY_BYTES_MAX);
      }),
      { numRuns: 2000 },
    );
  });

  it('makes keys that it recognises, and from their manifests the same archive', () => {
    fc.assert(
      fc.property(anyArchive, anyOrdinal, (archive, ordinal) => {
        const key = archiveKey(archive, ordinal);
        expect(isArchiveKey(key)).toBe(true);
        expect(isManifestKey(key)).toBe(false);
        expect(isManifestKey(manifestKey(key))).toBe(true);
        expect(isArchiveKey(manifestKey(key))).toBe(false);
        expect(archiveOfManifest(manifestKey(key))).toBe(key);
      }),
    );
  });

  it('makes different keys for different ordinals, times and extensions', () => {
    fc.assert(
      fc.property(anyArchive, anyOrdinal, anyOrdinal, (archive, one, other) => {
        fc.pre(one !== other);
        expect(archiveKey(archive, one)).not.toBe(archiveKey(archive, other));
        const later = { ...archive, createdAt: archive.createdAt - (archive.createdAt % 1000) + 1000 };
        expect(archiveKey(later, one)).not.toBe(archiveKey(archive, one));
      }),
    );
  });

  it('knows one that came encrypted, and nobody has said what is inside', () => {
    fc.assert(
      fc.property(anyArchive, anyOrdinal, (archive, ordinal) => {
        const key = archiveKey(sealed(archive), ordinal);
        expect(isArchiveKey(key) && isArchiveKey(archiveOfManifest(manifestKey(key)))).toBe(true);
        expect(key).not.toBe(archiveKey(archive, ordinal));
      }),
    );
  });

  it('calls an export as its archive, with the ending of what it is', () => {
    fc.assert(
      fc.property(anyArchive, anyOrdinal, (archive, ordinal) => {
        for (const stored of [archive, sealed(archive)])
          expect(downloadName(archiveKey(stored, ordinal), '.yaml')).toBe(
            archiveKey({ ...archive, extension: '.yaml' }, ordinal),
          );
      }),
    );
    expect(downloadName('renamed by hand.json.gz', '.db')).toBe('renamed by hand.db');
    expect(downloadName('nothing to take off', '.db')).toBe('nothing to take off.db');
  });

  it('does not take the files of others for an archive', () => {
    for (const key of [
      'a-20260105-030409.gz.enc',
      'a-20260105-030409.enc.enc',
      'a-20260105-030409.enc.gz',
      'notes.json',
      'a-20260105.json',
      'a-20260105-030409.txt',
      'a-20260105-030409.json.bak',
      'restores/a-20260105-030409.json',
      '.tmp-20260105-030409.json',
      '-20260105-030409.json',
    ]) {
      expect([key, isArchiveKey(key)]).toEqual([key, false]);
    }
  });
});

describe('keys of restore records', () => {
  it('stands in a folder of its own and gives the id back', () => {
    expect(restoreRecordKey('4f1c-9')).toBe('restores/4f1c-9.json');
    expect(restoreIdOf('restores/4f1c-9.json')).toBe('4f1c-9');
    expect(isKey(restoreRecordKey('x'.repeat(100)))).toBe(true);
  });

  it('refuses what is no id', () => {
    for (const id of ['', '..', '../a', 'a/b', 'a.b', 'a\0', 'x'.repeat(101)]) {
      expect(() => restoreRecordKey(id)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
    }
  });

  it('puts the change log beside the record, and takes it for no record', () => {
    expect(changeLogKey('4f1c-9')).toBe('restores/4f1c-9.changes.gz');
    expect(restoreIdOf(changeLogKey('4f1c-9'))).toBeUndefined();
    expect(sealedChangeLogKey('4f1c-9')).toBe('restores/4f1c-9.changes.gz.enc');
    expect([changeLogKey('4f1c-9'), sealedChangeLogKey('4f1c-9')].map(leftoverIdOf)).toEqual(['4f1c-9', '4f1c-9']);
    expect(() => changeLogKey('../a')).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });

  it('spools imports to a folder of their own', () => {
    const key = incomingKey('0b5e7a52-7d0c-4a86-b6a0-3a3d5a1e3c11');
    expect(key.startsWith(INCOMING_PREFIX) && isKey(key)).toBe(true);
    expect(isArchiveKey(key) || isManifestKey(key)).toBe(false);
  });

  it('finds no id in other keys', () => {
    for (const key of ['a.json', 'restores/a.txt', 'restores/.json', 'restores/a.b.json', 'other/a.json'])
      expect(restoreIdOf(key)).toBeUndefined();
  });
});
