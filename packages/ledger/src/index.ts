export * from './decimal.ts';
export * from './entry.ts';
