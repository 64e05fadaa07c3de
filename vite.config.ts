/**
 * Builds the inspector's page: one static bundle, hashed names, nothing inline (the server's policy allows
 * neither script nor style in HTML), and the list of its files that the server reads at its start.
 */
import { createHash } from 'node:crypto';
import { defineConfig, type Plugin } from 'vite';

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** `page.json`: what may be asked for, its type, and the hash of what is in it. */
function listOfFiles(): Plugin {
  return {
    name: 'list-of-files',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const files = Object.values(bundle).flatMap((one) => {
          const type = TYPES[one.fileName.slice(one.fileName.lastIndexOf('.') + 1)];
          const content = one.type === 'chunk' ? one.code : one.source;
          if (type === undefined) return [];
          const sha256 = createHash('sha256').update(content).digest('hex');
          return [{ name: one.fileName, type, sha256 }];
        });
        const source = `${JSON.stringify({ files }, null, 2)}\n`;
        this.emitFile({ type: 'asset', fileName: 'page.json', source });
      },
    },
  };
}

export default defineConfig({
  root: 'src/inspector/page',
  // Relative: the page may be below a path of somebody else's server.
  base: './',
  logLevel: 'warn',
  plugins: [listOfFiles()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../../dist/inspector/page',
    emptyOutDir: true,
    target: 'es2022',
    // Data in an URL is nothing of the server's own.
    assetsInlineLimit: 0,
    modulePreload: false,
    license: { fileName: 'licenses.md' },
  },
});
