import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{apps,packages}/**/*.test.ts', 'tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Machines of CI are small and busy, and these tests are about time: what fails there is tried again, and told.
    retry: process.env.CI ? 2 : 0,
    // Most tests wait for processes that they have started: two at a time, even on one core.
    maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
  },
});
