/**
 * Builds the GraphQL IDE (GraphiQL with its editor's workers) into dist/ide, where the server
 * finds it. Every file is served from our own origin under /ide/: the page works offline and
 * under a strict content security policy.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  root: here('.'),
  base: '/ide/',
  publicDir: false,
  build: {
    outDir: here('../../../dist/ide'),
    emptyOutDir: true,
    target: 'es2022',
    // A data: URL would need a wider policy than 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 6_000,
    reportCompressedSize: false,
    rolldownOptions: {
      // the page of a server, and that of the demo
      input: [here('index.html'), here('demo.html')],
      // "use client" in React libraries means nothing to a page without server components.
      onLog: (level, log, next) => {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') next(level, log);
      },
    },
  },
  worker: { format: 'es' },
});
