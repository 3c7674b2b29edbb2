// The export: one JSON file that carries an account's statements, the key that signed them, the
// evidence for that key and the figures that follow. `verifyExport` checks all of it offline and
// says what it did not check. The file is untrusted in every byte; its figures are recomputed,
// never believed.

import { RecordError, type Code } from '@track-record/errors';
import {
  add,
  formatDecimal,
  multiply,
  ONE,
  parseDecimal,
  round,
  subtract,
  type Decimal,
} from '@track-record/ledger';
import { statedKeysOf, type BoundKeys } from './bound-keys.ts';
import { isPlainObject } from './canonical-json.ts';
import {
  checkLinks,
  verifySignatures,
  type Chain,
  type UnverifiedStatement,
  type VerifiedStatement,
} from './chain.ts';
import { verifyCheckpoint, type VerifiedCheckpoint } from './log/checkpoint.ts';
import {
  boundLogTrust,
  checkHistory,
  parseLogProof,
  verifyLogProof,
  type KnownCheckpoint,
  type LogProof,
  type LogTrust,
} from './log/log-proof.ts';
import { fromBase64Url, fromHex, toBase64Url, toHex } from './text-bytes.ts';

export const EXPORT_FORMAT = 'track-record-export/1';
/** Eleven years of hours: more is no file of one account. */
const STATEMENTS_MAX = 100_000;
const RETURN_DECIMALS = 18;

export interface ExportSummary {
  /** As in `Chain`. */
  readonly from: string;
  readonly to: string;
  readonly hours: number;
  readonly measured: number;
  /** Compounded over the measured hours, 18 decimals; null when there is none. */
  readonly totalReturn: string | null;
}

export interface ExportFile {
  readonly format: typeof EXPORT_FORMAT;
  readonly account: string;
  /** Hex, 32 bytes raw Ed25519. */
  readonly publicKey: string;
  /** As the enclave gave it; `insecure: true` marks development evidence, which proves nothing. */
  readonly evidence: Readonly<Record<string, unknown>>;
  /** `body`: base64url of the statement's bytes. `signature`: base64url. */
  readonly statements: readonly { readonly body: string; readonly signature: string }[];
  readonly summary: ExportSummary;
  /** That the last statement, and with it every one before it, is in a public log. */
  readonly log?: LogProof;
}

/** A file of the right form. Nothing in it is verified. */
interface UnverifiedExport {
  readonly account: string;
  readonly publicKey: Uint8Array;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly statements: readonly UnverifiedStatement[];
  readonly summary: Readonly<Record<string, unknown>>;
  readonly log: LogProof | null;
}

declare const brand: unique symbol;

/** What a relying party may build on; only `verifyExport` makes one. */
export interface VerifiedExport {
  readonly chain: Chain;
  readonly summary: ExportSummary;
  /** The log checkpoint that fixes the record; null when there is no log. */
  readonly checkpoint: VerifiedCheckpoint | null;
  readonly [brand]: true;
}

/**
 * The keys that hardware evidence vouches for, at a time in ms UTC; otherwise a RecordError.
 * Evidence is verified in a room that this one does not know.
 */
export type EvidenceCheck = (
  evidence: Readonly<Record<string, unknown>>,
  at: number,
) => Promise<BoundKeys>;

export interface ExportPolicy {
  /** Accepts keys that no hardware vouches for. Never for a real record. */
  readonly allowDevelopmentEvidence: boolean;
  /** Without it no hardware evidence passes. */
  readonly checkEvidence?: EvidenceCheck;
  /** The log a record must be in; without it, the one of the evidence where the file has one. */
  readonly log?: LogTrust;
  /** A checkpoint that this verifier saved before: the record must be in a log that extends it. */
  readonly known?: KnownCheckpoint;
}

/** In this order; the first that fails names the verdict. */
const checkNames = [
  'format',
  'evidence',
  'key binding',
  'signatures',
  'links',
  'inception',
  'times',
  'figures',
  'log history',
  'log inclusion',
] as const;
export type CheckName = (typeof checkNames)[number];

export interface Check {
  readonly name: CheckName;
  readonly result: 'passed' | 'failed' | 'not checked';
  readonly code: Code | null;
}

export interface ExportVerdict {
  readonly verdict: 'verified' | 'refused';
  readonly code: Code | null;
  readonly checks: readonly Check[];
  /** True when the file carries development evidence: no hardware vouches for the key. */
  readonly developmentEvidence: boolean;
  readonly export: VerifiedExport | null;
}

/** Statements in order of sequence. STATEMENT_* when they are no chain under this key. */
export async function buildExport(parts: {
  readonly publicKey: Uint8Array;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly statements: readonly UnverifiedStatement[];
  /** Proves that the last statement, named by its hash, is in the log. */
  readonly prove?: (head: string) => Promise<LogProof>;
}): Promise<ExportFile> {
  const statements = await verifySignatures(parts.statements, parts.publicKey);
  const chain = checkLinks(statements);
  return {
    format: EXPORT_FORMAT,
    account: chain.subject.account,
    publicKey: toHex(parts.publicKey),
    evidence: parts.evidence,
    statements: parts.statements.map(({ bytes, signature }) => ({
      body: toBase64Url(bytes),
      signature: toBase64Url(signature),
    })),
    summary: summaryOf(chain),
    ...(parts.prove === undefined ? {} : { log: await parts.prove(chain.head) }),
  };
}

/**
 * Checks everything that can be checked offline in this version; `at` is the verifier's clock in ms
 * UTC. A refusal is an answer, not an exception.
 */
export async function verifyExport(
  json: unknown,
  policy: ExportPolicy,
  at: number,
): Promise<ExportVerdict> {
  const outcomes: Outcomes = new Map();
  const file = await check(outcomes, 'format', () => parseExport(json));
  // Not awaited here, so that what was read can be forgotten meanwhile.
  return file === null ? verdictOf(outcomes, false, null) : verifyFile(file, outcomes, policy, at);
}

type Outcomes = Map<CheckName, Code | null>;

async function check<T>(
  outcomes: Outcomes,
  name: CheckName,
  work: () => T | Promise<T>,
): Promise<T | null> {
  try {
    const value = await work();
    outcomes.set(name, null);
    return value;
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    outcomes.set(name, error.code);
    return null;
  }
}

async function verifyFile(
  file: UnverifiedExport,
  outcomes: Outcomes,
  policy: ExportPolicy,
  at: number,
): Promise<ExportVerdict> {
  const developmentEvidence = file.evidence['insecure'] === true;
  const { allowDevelopmentEvidence, checkEvidence = acceptNone } = policy;
  if (developmentEvidence && !allowDevelopmentEvidence) {
    outcomes.set('evidence', 'STATEMENT_KEY_UNBOUND');
  }
  const bound = developmentEvidence
    ? statedKeysOf(file.evidence)
    : await check(outcomes, 'evidence', () => checkEvidence(file.evidence, at));
  if (bound !== null) await check(outcomes, 'key binding', () => checkKeyBinding(file, bound));
  const statements = await check(outcomes, 'signatures', () =>
    verifySignatures(file.statements, file.publicKey),
  );
  const chain =
    statements && (await check(outcomes, 'links', () => checkChain(statements, file.account)));
  if (statements === null || chain === null) return verdictOf(outcomes, developmentEvidence, null);

  if (chain.startsAtInception) outcomes.set('inception', null);
  await check(outcomes, 'times', () => checkTimes(statements, at));
  const summary = summaryOf(chain);
  await check(outcomes, 'figures', () => checkSummary(file.summary, summary));
  const checkpoint = await verifyLog(file.log, chain.head, bound, policy, outcomes);
  return verdictOf(outcomes, developmentEvidence, { chain, summary, checkpoint });
}

/**
 * That the record is in the log that the verifier trusts or that the evidence names, and that this
 * log still holds what the verifier knows of it.
 */
async function verifyLog(
  proof: LogProof | null,
  head: string,
  bound: BoundKeys | null,
  { log, known }: ExportPolicy,
  outcomes: Outcomes,
): Promise<VerifiedCheckpoint | null> {
  const isAsked = log !== undefined || known !== undefined;
  if (!isAsked && (proof === null || bound === null || bound.logPublicKey.length === 0)) {
    return null;
  }
  const found = await check(outcomes, 'log inclusion', async () => {
    // A verifier that asks for a log takes no file without a proof: it could be left out to hide.
    if (proof === null) throw new RecordError('LOG_INCLUSION_INVALID');
    const trust = log ?? (await boundLogTrust(proof, bound?.logPublicKey ?? new Uint8Array()));
    return { proof, trust, checkpoint: await verifyCheckpoint(proof.checkpoint, trust) };
  });
  if (found === null) return null;
  const { checkpoint, trust } = found;
  const kept = known ?? log?.known ?? null;
  if (kept !== null) {
    await check(outcomes, 'log history', () => checkHistory(kept, checkpoint, trust));
  }
  await check(outcomes, 'log inclusion', () => verifyLogProof(found.proof, head, checkpoint));
  return checkpoint;
}

function verdictOf(
  outcomes: ReadonlyMap<CheckName, Code | null>,
  developmentEvidence: boolean,
  found: Omit<VerifiedExport, typeof brand> | null,
): ExportVerdict {
  const checks = checkNames.map((name): Check => {
    const code = outcomes.get(name);
    if (code === undefined) return { name, result: 'not checked', code: null };
    return { name, result: code === null ? 'passed' : 'failed', code };
  });
  const code = checks.find(({ result }) => result === 'failed')?.code ?? null;
  const refused = { verdict: 'refused', code, checks, developmentEvidence, export: null } as const;
  if (code !== null || found === null) return refused;
  const verifiedExport = readVerified(found);
  return { verdict: 'verified', code: null, checks, developmentEvidence, export: verifiedExport };
}

/** The only place that gives the brand: every check before it passed. */
function readVerified(found: Omit<VerifiedExport, typeof brand>): VerifiedExport {
  return found as VerifiedExport;
}

/** The statement key that the evidence vouches for under this policy, in hex, or a RecordError. */
export async function boundKeyOf(
  evidence: Readonly<Record<string, unknown>>,
  { allowDevelopmentEvidence, checkEvidence = acceptNone }: ExportPolicy,
  at: number,
): Promise<string> {
  const isDevelopment = evidence['insecure'] === true;
  if (isDevelopment && !allowDevelopmentEvidence) throw new RecordError('STATEMENT_KEY_UNBOUND');
  const bound = isDevelopment ? statedKeysOf(evidence) : await checkEvidence(evidence, at);
  return toHex(bound.statementPublicKey);
}

/** Without a verifier of evidence there is no hardware that could vouch for a key. */
function acceptNone(): Promise<BoundKeys> {
  throw new RecordError('STATEMENT_KEY_UNBOUND');
}

/** The evidence names the key that signed; otherwise it vouches for some other key. */
function checkKeyBinding(file: UnverifiedExport, { statementPublicKey }: BoundKeys): void {
  if (toHex(statementPublicKey) !== toHex(file.publicKey)) {
    throw new RecordError('STATEMENT_KEY_UNBOUND');
  }
}

function checkChain(statements: readonly VerifiedStatement[], account: string): Chain {
  const chain = checkLinks(statements);
  if (chain.subject.account !== account) {
    throw new RecordError('STATEMENT_LINK_BROKEN', { place: 'account' });
  }
  return chain;
}

function checkTimes(statements: readonly VerifiedStatement[], at: number): void {
  if (statements.some(({ body }) => Date.parse(body.observedAt) > at)) {
    throw new RecordError('STATEMENT_TIME_INVALID');
  }
}

function checkSummary(stated: Readonly<Record<string, unknown>>, summary: ExportSummary): void {
  const same = Object.entries(summary).every(([name, value]) => stated[name] === value);
  if (!same || Object.keys(stated).length !== Object.keys(summary).length) {
    throw new RecordError('STATEMENT_RETURN_MISMATCH');
  }
}

function summaryOf(chain: Chain): ExportSummary {
  const factors = chain.hours.flatMap(({ body }) =>
    body.return === null ? [] : [add(ONE, parseDecimal(body.return))],
  );
  return {
    from: chain.from,
    to: chain.to,
    hours: chain.hours.length,
    measured: factors.length,
    // Exact until here: a year of hours is a product of 157,680 decimals, rounded once.
    totalReturn:
      factors.length === 0
        ? null
        : formatDecimal(round(subtract(productOf(factors), ONE), RETURN_DECIMALS)),
  };
}

/** By halves: multiplying one by one, every step would copy all the digits there are so far. */
function productOf(factors: readonly Decimal[]): Decimal {
  const half = Math.floor(factors.length / 2);
  if (half === 0) return factors[0] ?? ONE;
  return multiply(productOf(factors.slice(0, half)), productOf(factors.slice(half)));
}

/** STATEMENT_MALFORMED for a member unknown, missing or of another form; LOG_MALFORMED. */
function parseExport(json: unknown): UnverifiedExport {
  const hasLog = isPlainObject(json) && Object.hasOwn(json, 'log');
  const file = parseObject(json, [
    'format',
    'account',
    'publicKey',
    'evidence',
    'statements',
    'summary',
    ...(hasLog ? ['log'] : []),
  ]);
  const { format, account, publicKey, evidence, statements, summary } = file;
  if (format !== EXPORT_FORMAT || !isPlainObject(evidence) || !isPlainObject(summary)) malformed();
  if (!Array.isArray(statements) || statements.length > STATEMENTS_MAX) malformed();
  return {
    account: parseText(account),
    publicKey: fromHex(parseText(publicKey)),
    evidence,
    statements: statements.map((each: unknown) => {
      const { body, signature } = parseObject(each, ['body', 'signature']);
      return {
        bytes: fromBase64Url(parseText(body)),
        signature: fromBase64Url(parseText(signature)),
      };
    }),
    summary,
    log: hasLog ? parseLogProof(file['log']) : null,
  };
}

function parseObject(value: unknown, names: readonly string[]): Record<string, unknown> {
  if (!isPlainObject(value) || Object.keys(value).length !== names.length) malformed();
  return names.every((name) => Object.hasOwn(value, name)) ? value : malformed();
}

function parseText(value: unknown): string {
  return typeof value === 'string' ? value : malformed();
}

function malformed(): never {
  throw new RecordError('STATEMENT_MALFORMED');
}
