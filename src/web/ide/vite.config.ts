/**
 * Builds the GraphQL IDE (GraphiQL with its editor's workers) into dist/ide, where the server
 * finds it. Every file is served from our own origin under /ide/: the page works offline and
 * under a strict content security policy.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/ide/',
  publicDir: false,
  build: {
    outDir: fileURLToPath(new URL('../../../dist/ide', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // A data: URL would need a wider policy than 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 6_000,
    reportCompressedSize: false,
    rolldownOptions: {
      // "use client" in React libraries means nothing to a page without server components.
      onLog: (level, log, next) => {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') next(level, log);
      },
    },
  },
  worker: { format: 'es' },
});
