// The import arrows: each floor knows only those below it, and imports of types alone count as any other.
const arrow = (floor, allowed) => ({
  name: `${floor}-knows-only-what-is-below`,
  comment: `src/${floor} may import ${allowed.length === 0 ? 'nothing but lib' : `lib, ${allowed.join(', ')}`} and itself`,
  severity: 'error',
  from: { path: `^src/${floor}/` },
  to: { path: '^src/', pathNot: `^src/(${['lib', floor, ...allowed].join('|')})/` },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    arrow('lib', []),
    arrow('ovsdb', []),
    arrow('model', ['ovsdb']),
    arrow('engine', ['model', 'ovsdb']),
    arrow('archive', ['model', 'ovsdb']),
    arrow('store', []),
    arrow('state', []),
    arrow('auth', []),
    arrow('service', ['engine', 'archive', 'store', 'state', 'model', 'ovsdb', 'auth']),
    arrow('api', ['service', 'auth']),
    arrow('cli', ['service', 'auth', 'config']),
    {
      name: 'decorators-stay-in-api-graphql',
      comment: 'type-graphql and class-validator decorate what GraphQL shows, and nothing else',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(api/graphql/|api/server\\.ts$|main\\.ts$)' },
      to: { path: 'node_modules/(type-graphql|class-validator|reflect-metadata)/' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-folder-circles',
      comment: 'folders import one way: what two of them need goes into a third, or one of them is in the wrong place',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
    { name: 'no-unknown-imports', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'no-tests-in-the-product', severity: 'error', from: { path: '^src/' }, to: { path: '^test/' } },
    {
      name: 'no-development-packages-in-the-product',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // the web pages have compilers of their own
    exclude: { path: '^src/(web|ide)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
