export {
  accountStatuses,
  deleteIntake,
  dueAccounts,
  insertAccount,
  isHeld,
  lockAccount,
  ownerOfRecord,
  replaceCredentials,
  saveStatus,
  setAccountState,
  type Account,
  type AccountStateName,
  type Intake,
  type NewAccount,
  type OwnedAccountStatus,
} from './account.ts';
export {
  latestCheckpoint,
  loadLogNodes,
  lockLog,
  takePending,
  type LogNode,
} from './log.ts';
export { checkSchema, migrate, QUEUE_SCHEMA_VERSION } from './migrate.ts';
export { openStore, roleNames, type RoleName, type Store } from './open-store.ts';
export {
  dueReleases,
  hourlyReturns,
  lastStatement,
  loadStatements,
  ownedAccounts,
  readBackStatements,
  unreleasedStatements,
  type HourlyReturnRow,
  type StatedHourRow,
  type StatementRow,
} from './published.ts';
export { insertRows, loadRow, type Database } from './rows.ts';
export {
  accountKeysUnder,
  loadCredentials,
  loadSegments,
  loadSentinel,
  masterKeyIds,
  replaceAccountKey,
  replaceSentinel,
  saveState,
  type SealedCredential,
  type SealedSegment,
  type SealedState,
} from './sealed.ts';
export { storeFailure } from './store-failure.ts';
