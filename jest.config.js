/** @type {import('jest').Config} */
export default {
  reporters: [
    'default',
    '<rootDir>/test/support/jest/progress-reporter.mjs',
    '<rootDir>/test/support/jest/counts-reporter.mjs',
  ],
  roots: ['<rootDir>/test'],
  testEnvironment: 'node',
  testSequencer: '<rootDir>/test/support/jest/longest-first.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, transpilation: true, diagnostics: false }] },
  // for what never ends; no test is decided by it on a busy machine
  testTimeout: 600_000,
  maxWorkers: 2,
  // Modules of a test file that has ended stay in the worker's memory (they are kept by --experimental-vm-modules): with
  // gigabytes of them each collection of garbage takes seconds. A worker that has so much begins afresh.
  workerIdleMemoryLimit: '400MB',
};
