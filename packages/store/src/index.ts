export {
  accountStatuses,
  deleteIntake,
  dueAccounts,
  insertAccount,
  loadAccount,
  loadIntake,
  loadStatus,
  lockAccount,
  saveStatus,
  setAccountState,
  type Account,
  type AccountStateName,
  type AccountStatus,
  type Intake,
  type NewAccount,
  type OwnedAccountStatus,
} from './account.ts';
export { checkSchema, migrate, QUEUE_SCHEMA_VERSION } from './migrate.ts';
export {
  openStore,
  roleNames,
  type RoleName,
  type Store,
  type StoreOptions,
} from './open-store.ts';
export {
  hourlyReturns,
  insertHourlyReturns,
  insertStatements,
  lastStatement,
  loadStatements,
  readBackStatements,
  type HourlyReturnRow,
  type StatedHourRow,
  type StatementRow,
} from './published.ts';
export {
  insertAccountKey,
  insertCredential,
  insertSegments,
  loadAccountKey,
  loadCredentials,
  loadSegments,
  loadSentinel,
  loadState,
  saveSentinel,
  saveState,
  type SealedAccountKey,
  type SealedCredential,
  type SealedSegment,
  type SealedState,
  type Sentinel,
} from './sealed.ts';
export { storeFailure } from './store-failure.ts';
export { tables, type Database } from './tables.ts';
