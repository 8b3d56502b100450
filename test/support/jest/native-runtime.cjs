// How jest loads a test file here: with Node's own import(), and typescript-loader.mjs for what is TypeScript. jest's own
// way (--experimental-vm-modules) loads each of some 1,800 modules anew for every test file, which takes seconds of each,
// and runs them cold. So a module keeps its variables from one test file of a worker to the next, as a server does from
// one request to the next.
const { createRequire, register } = require('node:module');
const { pathToFileURL } = require('node:url');
const { default: Runtime } = require('jest-runtime');

// jest.config.js sets them for this process, which has read them
delete process.env.MALLOC_TRIM_THRESHOLD_;
delete process.env.MALLOC_MMAP_THRESHOLD_;

register('./typescript-loader.mjs', pathToFileURL(__filename));
const compiled = import('./compiled.mjs');
/** Where jest-circus keeps those who are told what happens to tests. */
const LISTENERS = Symbol.for('EVENT_HANDLERS');
const loaded = new Set();

module.exports = class NativeRuntime extends Runtime {
  #mapOf = () => undefined;

  /** jest-circus: each test file gets a fresh one. */
  requireInternalModule(from, to) {
    const path = to === undefined ? from : createRequire(from).resolve(to);
    delete require.cache[path];
    delete globalThis[LISTENERS];
    return require(path);
  }

  unstable_shouldLoadAsEsm() {
    return true;
  }

  async unstable_importModule(path) {
    this.#mapOf = (await compiled).mapOf;
    if (loaded.has(path)) throw new Error(`Node loads ${path} once in a process: start jest anew, without --watch`);
    loaded.add(path);
    await import(pathToFileURL(path).href);
  }

  /** For line numbers: asked by the file of a line in a stack. */
  getSourceMaps() {
    const maps = new Map();
    maps.get = (file) => this.#mapOf(file);
    return maps;
  }
};
