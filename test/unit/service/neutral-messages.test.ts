/**
 * GraphQL and REST spell members and values in two ways. What the floors below them say reaches callers of both, so it
 * is plain words, or it is marked (`encryptionKey`), and each face spells it (service/command/spelling.ts).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, isEnumType, isInputObjectType, isObjectType } from 'graphql';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '../../..');
const FLOORS = ['auth', 'engine', 'lib', 'model', 'service', 'store'];
/** Words of people, too. */
const COMMON = new Set(['JSON', 'YAML', 'OVSDB']);
/** File -> word -> why it may stand there. */
const EXCUSED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'src/service/audit/audit-command.ts': { createBackup: 'the trail has one name for an action' },
  'src/service/backup/backup-record.ts': { resourceFilter: 'the member of a manifest' },
  'src/service/backup/selection.ts': { resourceFilter: 'the member of a manifest' },
  'src/service/backup/catalog/catalog-page.ts': {
    pageInfo: 'only GraphQL pages backups by cursors',
    endCursor: 'only GraphQL pages backups by cursors',
  },
};

/** Members that REST spells otherwise, and values. */
function spelledWords(): ReadonlySet<string> {
  const schema = buildSchema(readFileSync(join(ROOT, 'schema/schema.graphql'), 'utf8'));
  const words = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    if (isEnumType(type)) for (const { name } of type.getValues()) words.add(name);
    if (!isObjectType(type) && !isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      words.add(field.name);
      for (const { name } of 'args' in field ? field.args : []) words.add(name);
    }
  }
  return new Set([...words].filter((word) => /[A-Z]/.test(word) && !COMMON.has(word)));
}

/** Texts of a file that are sentences, or parts of one, without what is marked. */
function sentencesOf(path: string): readonly string[] {
  const file = ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isText = ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
    if (isText && /\s/.test(node.text)) found.push(node.text.replaceAll(/`\w+`/g, ''));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

it('no message below the faces has a member or a value in the spelling of one of them', () => {
  const words = spelledWords();
  expect([...words]).toEqual(expect.arrayContaining(['OVERWRITE', 'resourceMapping', 'UNDONE', 'decryptionKey']));
  const files = FLOORS.flatMap((floor) =>
    readdirSync(join(ROOT, 'src', floor), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `src/${floor}/${name}`),
  );
  expect(files.length).toBeGreaterThan(150);
  const found = files.flatMap((path) =>
    sentencesOf(path).flatMap((text) =>
      (text.match(/\b\w+\b/g) ?? [])
        .filter((word) => words.has(word) && EXCUSED[path]?.[word] === undefined)
        .map((word) => `${path}: ${word} in "${text}"`),
    ),
  );
  expect(found).toEqual([]);
});
