export type * from './contract.ts';
export { credentialFields } from './contract.ts';
