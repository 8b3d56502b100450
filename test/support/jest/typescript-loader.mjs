// Lets Node import TypeScript (module customization hooks): a .ts file is compiled when it is loaded, and the name.js
// that TypeScript wants in imports finds the same name with .ts.
import { fileURLToPath } from 'node:url';
import { compile } from './compiled.mjs';

export async function resolve(specifier, context, next) {
  const isOurs = specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts');
  return next(isOurs ? specifier.replace(/js$/, 'ts') : specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  return { format: 'module', source: compile(fileURLToPath(url)), shortCircuit: true };
}
