// TypeScript made JavaScript, for tests: by the compiler and the options of `npm run build`, but each file alone and
// without a look at types. What was made is kept in dist/.tests, with the map for line numbers beside it, until the text
// changes.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FOLDER = join(ROOT, 'dist/.tests');
const CONFIG = join(ROOT, 'tsconfig.json');
const require = createRequire(import.meta.url);
const digest = (...texts) => texts.reduce((hash, text) => hash.update(text), createHash('sha256')).digest('hex');
/** What the result depends on beside the text. */
const COMPILER = digest(
  readFileSync(CONFIG),
  require('typescript/package.json').version,
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
  const ts = require('typescript');
  const { config } = ts.readConfigFile(CONFIG, ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, module: 'esnext', noEmit: false, sourceMap: true },
    ROOT,
  );
  const made = ts.transpileModule(source, { fileName: path, compilerOptions: options, reportDiagnostics: true });
  const faults = made.diagnostics.filter(({ file }) => file !== undefined);
  const host = { getCurrentDirectory: () => ROOT, getCanonicalFileName: (name) => name, getNewLine: () => '\n' };
  if (faults.length > 0) throw new SyntaxError(ts.formatDiagnostics(faults, host));
  const map = JSON.stringify({ ...JSON.parse(made.sourceMapText), sources: [path] });
  const [text] = made.outputText.split('\n//# sourceMappingURL=');
  const code = `${text}\n//# sourceMappingURL=${pathToFileURL(target).href}.map\n${stamp}`;
  mkdirSync(dirname(target), { recursive: true });
  put(`${target}.map`, map);
  put(target, code);
  return code;
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
