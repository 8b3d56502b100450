// Lint rules: typescript-eslint's strict, type-checked set, sizes of files and functions, and few exceptions.
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const USE_CLOCK = 'Take a Clock (src/lib/clock.ts): now, monotonic, alarm, sleep, within, every.';

export default defineConfig(
  globalIgnores([
    'dist/',
    'schema/',
    'node_modules/',
    'test/support/clients/generated/',
    '**/*.mjs',
    '**/*.d.mts',
    '*.config.js',
    'codegen.yml',
  ]),
  {
    files: ['src/**/*.ts', 'src/**/*.tsx', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 80 }],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // decorated classes of the API, and what type-graphql and Fastify make of them
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      // what another part of the program may change across an await is taken for constant
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // generators and methods of an interface are async without awaiting
      '@typescript-eslint/require-await': 'off',
      // GraphQL takes any object of the right shape for a type, and enums by their values
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },
  {
    // Time comes from lib/clock.ts, so that tests can hold it still: a part is given a Clock, and makes none.
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    ignores: [
      'src/lib/clock.ts', // the clock itself
      // Breathing measures how long this process has computed, which a clock that stands still would never tell.
      'src/lib/breath.ts',
      // Time-outs of protocols: they wait for a peer, which lives by real time, and are part of what it is promised.
      'src/ovsdb/connection.ts', // a connection, an answer, probes
      'src/api/graphql/server/socket-liveness.ts', // pings of a WebSocket, its goodbye
      'src/api/http/guard/tls-server.ts', // a handshake, the last words to who speaks no TLS
      'src/api/http/bare-answer.ts', // the last words to who speaks no HTTP
      // A program of its own, which starts and stops another one.
      'src/demo/**',
    ],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'performance'].map((name) => ({ name, message: USE_CLOCK })),
      ],
      'no-restricted-imports': [
        'error',
        ...['node:timers', 'node:timers/promises', 'node:perf_hooks', 'timers', 'timers/promises', 'perf_hooks'].map(
          (name) => ({ name, message: USE_CLOCK }),
        ),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: USE_CLOCK },
        { object: 'AbortSignal', property: 'timeout', message: USE_CLOCK },
        { object: 'process', property: 'hrtime', message: USE_CLOCK },
        ...['setTimeout', 'setInterval', 'performance'].map((property) => ({
          object: 'globalThis',
          property,
          message: USE_CLOCK,
        })),
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: USE_CLOCK },
        { selector: "CallExpression[callee.name='Date']", message: USE_CLOCK },
      ],
    },
  },
  {
    // describe() is a function of hundreds of lines, and a test throws away what it does not look at
    files: ['test/**/*.ts'],
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      'no-console': 'off',
      // expect.objectContaining() and JSON.parse() give any
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
