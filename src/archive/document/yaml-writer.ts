/**
 * Writing the document as YAML: the tree of json-writer.ts in block style. Every string stands on one
 * line, plain where no reader could take it for anything else and in double quotes otherwise, so
 * that a row is what stands between two lines of its indentation. In YAML the schema takes a thousand lines: for people
 * it is written after the rows.
 */
import { Breath } from '../../lib/breath.js';
import { ContentDigest } from '../../model/snapshot/content-digest.js';
import { isObject, type Json, parseJson, stringifyJson } from '../../ovsdb/json.js';
import { headerJson } from '../content/archive-header.js';
import { changedRows } from '../content/changed-rows.js';
import { CHANGES_FORMAT, DOCUMENT_FORMAT, type Writing } from '../content/content.js';
import { digestOf } from '../content/snapshot-builder.js';

const BLOCK_CHARACTERS = 128 << 10;
const ROW_INDENT = 6;

/** Writes the document in blocks; answers the content digest. */
export async function* writeYamlDocument(writing: Writing): AsyncGenerator<Buffer, string> {
  const { snapshot } = writing;
  const digest = new ContentDigest(snapshot.schema.name);
  const breath = new Breath(8);
  const schema = yamlMembers({ schema: snapshot.schema.json }, 0);
  let text = yamlMembers({ format: DOCUMENT_FORMAT, manifest: headerJson(writing.header) }, 0);
  if (!writing.isForPeople) text += schema;
  const filled = [...snapshot.tables.values()].filter((rows) => rows.count > 0);
  text += filled.length === 0 ? 'tables: {}\n' : 'tables:\n';
  for (const rows of filled) {
    digest.table(rows.table);
    text += `  ${yamlString(rows.table)}:\n`;
    for (let i = 0; i < rows.count; i++) {
      const uuid = rows.uuid(i);
      digest.row(uuid, rows.text(i));
      const columns = yamlMembers(rows.row(i), ROW_INDENT);
      text += columns === '' ? `    ${uuid}: {}\n` : `    ${uuid}:\n${columns}`;
      writing.rows++;
      if (text.length >= BLOCK_CHARACTERS) {
        yield Buffer.from(text);
        text = '';
      }
      if (breath.due()) await breath.rest();
    }
  }
  const contentDigest = digest.end();
  if (writing.isForPeople) text += schema;
  yield Buffer.from(`${text}contentDigest: ${yamlString(contentDigest)}\n`);
  return contentDigest;
}

/** Writes the document, version 2 (json-changes-writer.ts), in blocks; answers the content digest. */
export async function* writeYamlChanges(writing: Writing): AsyncGenerator<Buffer, string> {
  const breath = new Breath(8);
  let text = yamlMembers({ format: CHANGES_FORMAT, manifest: headerJson(writing.header) }, 0);
  text += writing.difference?.tables.length === 0 ? 'tables: {}\n' : 'tables:\n';
  let table: string | undefined;
  let kind: string | undefined;
  for (const row of changedRows(writing)) {
    if (row.table !== table) text += `  ${yamlString(row.table)}:\n`;
    if (row.table !== table || row.kind !== kind) text += `    ${row.kind}:\n`;
    ({ table, kind } = row);
    text += yamlMembers({ [row.uuid]: parseJson(row.text) }, ROW_INDENT);
    if (text.length >= BLOCK_CHARACTERS) {
      yield Buffer.from(text);
      text = '';
    }
    if (breath.due()) await breath.rest();
  }
  const contentDigest = await digestOf(writing.snapshot);
  yield Buffer.from(`${text}contentDigest: ${yamlString(contentDigest)}\n`);
  return contentDigest;
}

/** YAML refuses a key on one line with its value past this length. */
const KEY_CHARACTERS_MAX = 1000;

/** Lines of an object's members, each ending with a newline. */
export function yamlMembers(object: { readonly [key: string]: Json }, indent: number): string {
  const pad = ' '.repeat(indent);
  let lines = '';
  for (const [name, value] of Object.entries(object)) {
    const key = yamlString(name);
    lines += key.length > KEY_CHARACTERS_MAX ? `${pad}? ${key}\n${pad}:` : `${pad}${key}:`;
    if (isObject(value) && Object.keys(value).length > 0) lines += `\n${yamlMembers(value, indent + 2)}`;
    else if (Array.isArray(value) && value.length > 0)
      lines += `\n${(value as readonly Json[]).map((member) => `${pad}  - ${yamlInline(member)}\n`).join('')}`;
    else lines += ` ${yamlInline(value)}\n`;
  }
  return lines;
}

/** A value on one line. JSON is YAML, but for a few characters that YAML wants escaped. */
function yamlInline(value: Json): string {
  return typeof value === 'string' ? yamlString(value) : escaped(stringifyJson(value));
}

/** Nothing that YAML 1.1 or 1.2 reads as anything but a string. */
const PLAIN = /^(?:[A-Za-z_][\w.-]*|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
const RESERVED = /^(?:true|false|null|yes|no|on|off|y|n|nan|inf)$/i;

function yamlString(text: string): string {
  return PLAIN.test(text) && !RESERVED.test(text) ? text : escaped(JSON.stringify(text));
}

/** Control characters that JSON leaves as they are, line separators, byte-order mark, non-characters. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

function escaped(json: string): string {
  return json.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
