import { defineConfig } from 'vitest/config';

/** Tests that need a browser: `npm run test:system` fetches one. One file at a time: a browser takes a core. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.browser.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
  },
});
