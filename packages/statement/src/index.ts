export {
  verifyChain,
  type Chain,
  type UnverifiedStatement,
  type VerifiedStatement,
} from './chain.ts';
export { signingKeyFromSeed, statementLabels, type SigningKey } from './signing-key.ts';
export {
  encodeStatement,
  formatCoverage,
  formatHour,
  hourStatuses,
  NO_PREVIOUS,
  parseStatement,
  provenances,
  residualClass,
  signStatement,
  STATEMENT_FORMAT,
  STATEMENT_METHOD,
  statementHash,
  type HourStatus,
  type Provenance,
  type ResidualClass,
  type SignedStatement,
  type StatementBody,
  type StatementPermissions,
} from './statement.ts';
