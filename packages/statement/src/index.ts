export { signClaim } from './claim.ts';
export { verifyChain, verifySignatures, type Chain, type UnverifiedStatement } from './chain.ts';
export {
  disclosureOf,
  MERGED,
  NO_RUN,
  publicReturn,
  releaseAt,
  tellHour,
  toldAtOf,
  type Run,
} from './disclosure.ts';
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
  type OwnerCensus,
  type SignedStatement,
  type StatementBody,
} from './statement.ts';
