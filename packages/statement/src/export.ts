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
import { isPlainObject } from './canonical-json.ts';
import {
  checkLinks,
  verifySignatures,
  type Chain,
  type UnverifiedStatement,
  type VerifiedStatement,
} from './chain.ts';
import type { VerifiedCheckpoint } from './log/checkpoint.ts';
import { parseLogProof, verifyLogProof, type LogProof, type LogTrust } from './log/log-proof.ts';
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
  /** The log checkpoint that fixes the record; null when no log was asked for. */
  readonly checkpoint: VerifiedCheckpoint | null;
  readonly [brand]: true;
}

/**
 * The statement key that hardware evidence vouches for, 32 bytes, at a time in ms UTC; otherwise a
 * RecordError. Evidence is verified in a room that this one does not know.
 */
export type EvidenceCheck = (
  evidence: Readonly<Record<string, unknown>>,
  at: number,
) => Promise<Uint8Array>;

export interface ExportPolicy {
  /** Accepts keys that no hardware vouches for. Never for a real record. */
  readonly allowDevelopmentEvidence: boolean;
  /** Without it no hardware evidence passes. */
  readonly checkEvidence?: EvidenceCheck;
  /** The log a record must be in; without it, no log is asked for. */
  readonly log?: LogTrust;
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
  readonly log?: LogProof;
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
    ...(parts.log === undefined ? {} : { log: parts.log }),
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
  const outcomes = new Map<CheckName, Code | null>();
  const file = await check('format', () => parseExport(json));
  if (file === null) return verdictOf(outcomes, false, null);

  const developmentEvidence = file.evidence['insecure'] === true;
  const { allowDevelopmentEvidence, checkEvidence = acceptNone } = policy;
  if (developmentEvidence && !allowDevelopmentEvidence) {
    outcomes.set('evidence', 'STATEMENT_KEY_UNBOUND');
  }
  const bound = developmentEvidence
    ? statedKeyOf(file.evidence)
    : await check('evidence', async () => toHex(await checkEvidence(file.evidence, at)));
  if (bound !== null) await check('key binding', () => checkKeyBinding(file, bound));
  const statements = await check('signatures', () =>
    verifySignatures(file.statements, file.publicKey),
  );
  const chain = statements && (await check('links', () => checkChain(statements, file.account)));
  if (statements === null || chain === null) return verdictOf(outcomes, developmentEvidence, null);

  if (chain.startsAtInception) outcomes.set('inception', null);
  await check('times', () => checkTimes(statements, at));
  const summary = summaryOf(chain);
  await check('figures', () => checkSummary(file.summary, summary));
  const { log } = policy;
  const checkpoint = log && (await check('log inclusion', () => checkLog(file.log, chain, log)));
  return verdictOf(outcomes, developmentEvidence, {
    chain,
    summary,
    checkpoint: checkpoint ?? null,
  });

  async function check<T>(name: CheckName, work: () => T | Promise<T>): Promise<T | null> {
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

/** Without a verifier of evidence there is no hardware that could vouch for a key. */
function acceptNone(): Promise<Uint8Array> {
  throw new RecordError('STATEMENT_KEY_UNBOUND');
}

/** The key in development evidence, for which nobody vouches; empty where there is none. */
function statedKeyOf({ binding }: Readonly<Record<string, unknown>>): string {
  const key = isPlainObject(binding) ? binding['statementPublicKey'] : '';
  return typeof key === 'string' ? key : '';
}

/** The evidence names the key that signed; otherwise it vouches for some other key. */
function checkKeyBinding(file: UnverifiedExport, bound: string): void {
  if (bound !== toHex(file.publicKey)) throw new RecordError('STATEMENT_KEY_UNBOUND');
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

/** A verifier that asks for a log takes no file without a proof: it could be left out to hide. */
function checkLog(
  proof: LogProof | null,
  chain: Chain,
  log: LogTrust,
): Promise<VerifiedCheckpoint> {
  if (proof === null) throw new RecordError('LOG_INCLUSION_INVALID');
  return verifyLogProof(proof, chain.head, log);
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
