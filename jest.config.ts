import type { Config } from 'jest';

// Jest strips the types itself when no transformer is set, so the tests run the source as written.
const config: Config = {
  testEnvironment: 'node',
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironmentOptions: {
    customExportConditions: ['@track-record/source', 'node', 'node-addons'],
  },
  testMatch: ['<rootDir>/packages/*/src/**/*.test.ts', '<rootDir>/jobs/**/*.test.ts'],
  modulePathIgnorePatterns: ['/dist/'],
  globalSetup: '<rootDir>/packages/testkit/src/postgres/global-setup.ts',
  globalTeardown: '<rootDir>/packages/testkit/src/postgres/global-teardown.ts',
  coverageProvider: 'babel',
  collectCoverageFrom: ['packages/*/src/**/*.ts', 'jobs/**/*.ts', '!**/generated/**'],
  testTimeout: 60_000,
  // Jest takes one less than there are cores, and much of a test's time is waiting.
  maxWorkers: 2,
};

export default config;
