/** @type {import('jest').Config} */
export default {
  reporters: ['default', '<rootDir>/test/support/jest/counts-reporter.mjs'],
  roots: ['<rootDir>/test'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, transpilation: true, diagnostics: false }] },
  testTimeout: 60_000,
  maxWorkers: 2,
};
