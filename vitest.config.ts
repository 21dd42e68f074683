import { defineConfig } from 'vitest/config';

// Unit tests run in parallel; everything that talks to the engine runs one file after another, because
// the machine's container engine is one shared resource.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'test/{protocol,language,agent,orchestrator,programs}/**/*.test.ts',
            'test/*.test.ts',
          ],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/{contracts,integration,security}/**/*.test.ts'],
          fileParallelism: false,
          globalSetup: ['test/helpers/leftovers.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
