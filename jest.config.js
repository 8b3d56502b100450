// Workers keep the memory of a buffer for the next one (mallopt(3)): to give it back and to take it anew costs a fifth of
// the time where buffers are large. native-runtime.cjs keeps it from the programs that tests start.
process.env.MALLOC_TRIM_THRESHOLD_ ??= String(512 << 20);
process.env.MALLOC_MMAP_THRESHOLD_ ??= String(128 << 20);

/** @type {import('jest').Config} */
export default {
  reporters: [
    'default',
    '<rootDir>/test/support/jest/checks-reporter.mjs',
    '<rootDir>/test/support/jest/progress-reporter.mjs',
    '<rootDir>/test/support/jest/counts-reporter.mjs',
  ],
  roots: ['<rootDir>/test'],
  // test files are loaded by Node itself, and those of one worker share their modules
  testEnvironment: '<rootDir>/test/support/jest/this-process.mjs',
  runtime: '<rootDir>/test/support/jest/native-runtime.cjs',
  transform: {},
  testSequencer: '<rootDir>/test/support/jest/longest-first.mjs',
  // for what never ends; no test is decided by it on a busy machine
  testTimeout: 600_000,
  // three on two cores: a test often waits for what it has started
  maxWorkers: 3,
  // a worker whose garbage takes long to collect begins afresh
  workerIdleMemoryLimit: '1GB',
};
