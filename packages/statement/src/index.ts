export {
  verifyChain,
  type Chain,
  type UnverifiedStatement,
  type VerifiedStatement,
} from './chain.ts';
export { signingKeyFromSeed, statementLabels, type SigningKey } from './signing-key.ts';
export {
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
  type SignedStatement,
  type StatementBody,
} from './statement.ts';
