/** A page of the documentation, taken apart: its tables, fences, headings and links. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Fence {
  /** bash, graphql ...; empty where nothing is said, and for an indented block. */
  readonly language: string;
  readonly text: string;
}

export class Page {
  readonly fences: readonly Fence[];
  /** Without the fences. */
  readonly prose: string;

  /** @param name relative to the root: docs/rest.md */
  constructor(readonly name: string) {
    const fences: Fence[] = [];
    this.prose = textOf(name).replaceAll(
      /^( *)```(\w*)\n(.*?)^ *```$/gms,
      (_whole, indent: string, language: string, body: string) => {
        fences.push({ language, text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), '') });
        return '';
      },
    );
    this.fences = fences;
  }

  /** Of every table, the rows' cells without the code marks of a single word. */
  tables(): readonly (readonly (readonly string[])[])[] {
    return [...this.prose.matchAll(/(?:^\|.*\|\n)+/gm)].map(([table]) =>
      table
        .trimEnd()
        .split('\n')
        .filter((_row, index) => index !== 1)
        .map((row) =>
          row
            .slice(1, -1)
            .split(/(?<!\\)\|/)
            .map((cell) => cell.trim()),
        ),
    );
  }

  /** The rows, without their head, of the tables whose head begins with this cell. */
  rowsOf(head: string): readonly (readonly string[])[] {
    return this.tables()
      .filter(([first]) => first?.[0] === head)
      .flatMap((table) => table.slice(1));
  }

  /** Paragraphs, items of lists and cells of tables, without the addresses of links. */
  texts(): readonly string[] {
    const inTables = this.tables().flat(2);
    const others = this.prose
      .split(/\n(?=\s*(?:[-*]|\d+\.) |#|\||\s*\n)/)
      .filter((text) => !/^\s*(#|\|)/.test(text))
      .map((text) => text.replace(/^\s*(?:[-*]|\d+\.)\s+/, ''));
    return [...inTables, ...others].map((text) =>
      text
        .replaceAll(/\]\([^)]*\)/g, ']')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    );
  }

  /** As GitHub names them in links. */
  anchors(): readonly string[] {
    return [...this.prose.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
  }

  /** Targets of links that lead somewhere in the repository: file and heading, each may be empty. */
  links(): readonly { readonly file: string; readonly anchor: string }[] {
    return [...this.prose.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target) => {
        const [path = '', anchor = ''] = target.split('#');
        return { file: path === '' ? this.name : relative(ROOT, join(ROOT, dirname(this.name), path)), anchor };
      });
  }
}

export function textOf(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}

/** README.md and all that is in docs/. */
export function pages(): readonly Page[] {
  const names = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...names.map((name) => `docs/${name}`)].map((name) => new Page(name));
}

/** `code` without its marks. */
export function plain(cell: string): string {
  return cell.replaceAll('`', '');
}

/** The text of every source file below a folder. */
export function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => textOf(join(folder, name)));
}
