export { collect, type Collected } from './collect.ts';
export type * from './contract.ts';
export { credentialFields } from './contract.ts';
export { loadVenues } from './registry.ts';
