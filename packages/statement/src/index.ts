export { verifyChain, type Chain, type UnverifiedStatement } from './chain.ts';
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
  type HourStatus,
  type SignedStatement,
  type StatementBody,
} from './statement.ts';
