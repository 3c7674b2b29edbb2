export {
  BACKFILLS_WAITING_MAX,
  SPREAD_MS,
  WAITING_MAX,
  accountStatuses,
  deleteIntake,
  dueAccounts,
  insertAccount,
  isHeld,
  lockAccount,
  newAccounts,
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
export { closeVenue, listenForWork, takeTokens } from './allowance.ts';
export { latestCheckpoint, loadLogNodes, lockLog, takePending, type LogNode } from './log.ts';
export { answerClaim, openClaims } from './claims.ts';
export { checkSchema, migrate, QUEUE_SCHEMA_VERSION } from './migrate.ts';
export { openStore, roleNames, type RoleName, type Store } from './open-store.ts';
export {
  dueReleases,
  loadStatements,
  unreleasedStatements,
  type HourlyReturnRow,
  type StatementRow,
} from './published.ts';
export { insertRows, loadRow, type Database } from './rows.ts';
export {
  accountKeysUnder,
  loadSegments,
  loadSentinel,
  masterKeyIds,
  replaceAccountKey,
  replaceSentinel,
  type SealedCredential,
  type SealedSegment,
  type SealedState,
} from './sealed.ts';
export { storeFailure } from './store-failure.ts';
export {
  loadSealedAccount,
  saveFindings,
  type SealedAccount,
  type WrittenStatement,
} from './visit.ts';
