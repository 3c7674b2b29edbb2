export { createLogins } from './create-logins.ts';
export { checkSchema, migrate, QUEUE_SCHEMA_VERSION } from './migrate.ts';
export {
  openStore,
  roleNames,
  type RoleName,
  type Store,
  type StoreOptions,
} from './open-store.ts';
export { storeFailure } from './store-failure.ts';
export { tables, type Database } from './tables.ts';
