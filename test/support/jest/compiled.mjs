// TypeScript made JavaScript, for tests: with the options of `npm run build`, but each file alone, without a look at types,
// and most of them by the bundler's compiler, which takes a fiftieth of the time. What was made is kept in dist/.tests,
// with the map for line numbers beside it, until the text changes.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { TsconfigCache, transformSync } from 'rolldown/utils';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FOLDER = join(ROOT, 'dist/.tests');
const CONFIG = join(ROOT, 'tsconfig.json');
const TSCONFIG = new TsconfigCache(CONFIG);
const require = createRequire(import.meta.url);
const { compilerOptions: SETTINGS } = JSON.parse(readFileSync(CONFIG, 'utf8'));
const TARGET = SETTINGS.target.toLowerCase();
const digest = (...texts) => texts.reduce((hash, text) => hash.update(text), createHash('sha256')).digest('hex');
/** What the result depends on beside the text. */
const COMPILER = digest(
  readFileSync(CONFIG),
  require('typescript/package.json').version,
  require('rolldown/package.json').version,
  readFileSync(fileURLToPath(import.meta.url)),
);

const targetOf = (path) => join(FOLDER, relative(ROOT, path).replace(/\.ts$/, '.js'));

/** The JavaScript of a file. */
export function compile(path) {
  const source = readFileSync(path, 'utf8');
  const stamp = `// ${digest(COMPILER, source)}\n`;
  const target = targetOf(path);
  const kept = existsSync(target) ? readFileSync(target, 'utf8') : '';
  if (kept.endsWith(stamp)) return kept;
  const { text, map } = quickly(path, source) ?? byTypeScript(path, source);
  const code = `${text}\n//# sourceMappingURL=${pathToFileURL(target).href}.map\n${stamp}`;
  mkdirSync(dirname(target), { recursive: true });
  put(`${target}.map`, JSON.stringify({ ...map, sources: [path] }));
  put(target, code);
  return code;
}

/** By the bundler's compiler; undefined of what wants functions of its own at run time: decorators and `using`. */
function quickly(path, source) {
  const options = { tsconfig: CONFIG, target: TARGET, sourcemap: true };
  const { code, map, errors, helpersUsed } = transformSync(path, source, options, TSCONFIG);
  if (errors.length > 0) throw new SyntaxError(errors.map((each) => each.codeframe ?? each.message).join('\n'));
  return Object.keys(helpersUsed).length === 0 ? { text: code, map } : undefined;
}

function byTypeScript(path, source) {
  const ts = require('typescript');
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...SETTINGS, module: 'esnext', noEmit: false, sourceMap: true },
    ROOT,
  );
  const made = ts.transpileModule(source, { fileName: path, compilerOptions: options });
  const [text] = made.outputText.split('\n//# sourceMappingURL=');
  return { text, map: JSON.parse(made.sourceMapText) };
}

/** Whole or not at all: another worker may read or write the same file. */
function put(path, text) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, text);
  renameSync(own, path);
}

/** The map of a file that was loaded, which its URL or its path names; undefined of one that is no TypeScript. */
export function mapOf(file) {
  const path = file.startsWith('file:') ? fileURLToPath(file) : file;
  if (!path.endsWith('.ts')) return undefined;
  const map = `${targetOf(path)}.map`;
  return existsSync(map) ? map : undefined;
}
