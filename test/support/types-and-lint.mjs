// Types and lint, as `tsc --noEmit` and `eslint src test` would find them, by one TypeScript program for both: the linter's
// rules ask for the types of nearly every expression, and to find them out twice takes half a minute more. Ends with code 1
// when it has found something.

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Of the server and its tests, and of the IDE's page. */
const PROJECTS = ['tsconfig.json', 'src/web/ide/tsconfig.json'];

const faults = [];

const programs = PROJECTS.map((project) => {
  const path = join(ROOT, project);
  const { config, error } = ts.readConfigFile(path, ts.sys.readFile);
  if (error !== undefined) faults.push(error);
  const { fileNames, options, errors } = ts.parseJsonConfigFileContent(config ?? {}, ts.sys, dirname(path), {}, path);
  const program = ts.createProgram({ rootNames: fileNames, options, configFileParsingDiagnostics: errors });
  faults.push(...ts.getPreEmitDiagnostics(program));
  return program;
});

const eslint = new ESLint({
  cwd: ROOT,
  overrideConfig: {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: { parserOptions: { projectService: false, programs } },
  },
});
const results = await eslint.lintFiles(['src', 'test']);

const host = { getCurrentDirectory: () => ROOT, getCanonicalFileName: (name) => name, getNewLine: () => '\n' };
process.stdout.write(ts.formatDiagnostics(ts.sortAndDeduplicateDiagnostics(faults), host));
process.stdout.write(await (await eslint.loadFormatter('stylish')).format(results));
if (faults.length > 0 || results.some(({ errorCount }) => errorCount > 0)) process.exitCode = 1;
