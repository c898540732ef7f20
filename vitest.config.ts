import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{apps,packages}/**/*.test.ts', 'tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Most tests wait for processes that they have started: two at a time, even on one core.
    maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
  },
});
