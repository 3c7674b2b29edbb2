// A small record with everything an attacker would want to change: measured hours, a gap, a
// backfilled hour, a correction; a second account under the same key; a log that holds both, with a
// witness. Every key is made from a constant, so that the same bytes come out on every run.

import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import {
  disclosureOf,
  NO_PREVIOUS,
  signingKeyFromSeed,
  signStatement,
  type SignedStatement,
  type SigningKey,
  type StatementBody,
} from '@track-record/statement';
import { buildExport, type ExportFile } from '@track-record/statement/export';
import {
  formatNoteKey,
  formatProofLines,
  hashLeaf,
  noteKey,
  proveConsistency,
  proveRecord,
  signCheckpoint,
  signNoteText,
  treeOf,
  treeRoot,
  type LogProof,
  type NoteKey,
} from '@track-record/statement/log';

const HOUR_MS = 3_600_000;
const SAMPLE_START = Date.parse('2026-01-05T00:00:00Z');
/** An hour is read five minutes after it ended. */
const LAG_MS = 300_000;
const ORIGIN = 'log.example/records';
/** Unix seconds; after the last sample hour. */
const WITNESS_TIME = 1_769_000_000;
/** PKCS #8 of an Ed25519 seed is this prefix and the seed (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const SAMPLE_OWNER = 'ee'.repeat(16);
export const SAMPLE_AT = Date.parse('2026-02-01T00:00:00Z');

/** A statement of an hour after the first; what is not named is measured and observed. */
type SampleHour = Partial<StatementBody> & { readonly at?: number };

interface NoteSigner {
  readonly key: NoteKey;
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
}

export interface SampleLog {
  /** Statement hashes in the order of the log. */
  readonly leaves: readonly string[];
  readonly signer: NoteSigner;
  readonly witness: NoteSigner;
  readonly key: string;
  readonly witnessKey: string;
  /** A whole cosigned note over the first `size` leaves, or over others. */
  readonly checkpoint: (size: number, leaves?: readonly string[]) => Promise<string>;
  readonly prove: (statements: readonly SignedStatement[]) => Promise<LogProof>;
  /** The lines that prove that the whole log extends its first leaves. */
  readonly growth: (from: number) => Promise<string>;
}

/** Statements in order, each linked to the one before unless its change says otherwise. */
export async function signHours(
  key: SigningKey,
  account: string,
  hours: readonly ((signed: readonly SignedStatement[]) => SampleHour)[],
): Promise<readonly SignedStatement[]> {
  const signed: SignedStatement[] = [];
  for (const [index, describeHour] of hours.entries()) {
    const { at = index, ...change } = describeHour(signed);
    const hour = SAMPLE_START + at * HOUR_MS;
    const body: StatementBody = {
      format: 'track-record-statement/2',
      account,
      venue: 'binance',
      paper: false,
      hour: new Date(hour).toISOString().replace('.000Z', 'Z'),
      since: new Date(SAMPLE_START).toISOString().replace('.000Z', 'Z'),
      sequence: index,
      status: 'measured',
      reason: null,
      return: '0.001000',
      spans: 1,
      coverage: '1',
      residual: 'none',
      provenance: 'observed',
      permissions: { read: true, trade: false, withdraw: false, ipRestricted: true },
      method: 'twr-cut-at-flows/1',
      reportingCurrency: 'USDT',
      disclosure: disclosureOf({ grid: 'hour', delayHours: 24, thin: 'merged' }),
      owner: { pseudonym: SAMPLE_OWNER, connected: 1, ended: 0, ordinal: 1, restarts: 0 },
      salt: Buffer.alloc(16, index).toString('hex'),
      observedAt: new Date(
        SAMPLE_START + (Math.max(at, index) + 1) * HOUR_MS + LAG_MS,
      ).toISOString(),
      restates: null,
      previous: signed.at(-1)?.hash ?? NO_PREVIOUS,
      keyId: key.keyId,
      ...change,
    };
    signed.push(await signStatement(body, key));
  }
  return signed;
}

/** What development gives for evidence: the keys, and nobody who vouches for them. */
export function developmentEvidence(key: SigningKey): Readonly<Record<string, unknown>> {
  const statementPublicKey = Buffer.from(key.publicKey).toString('hex');
  const format = 'track-record/development/v1';
  return { format, insecure: true, binding: { statementPublicKey } };
}

export async function exportOf(
  key: SigningKey,
  statements: readonly SignedStatement[],
  log?: LogProof,
): Promise<ExportFile> {
  const { publicKey } = key;
  const parts = { publicKey, evidence: developmentEvidence(key), statements };
  return buildExport(log === undefined ? parts : { ...parts, prove: async () => log });
}

export async function sampleKey(byte: number): Promise<SigningKey> {
  return signingKeyFromSeed(new Uint8Array(32).fill(byte));
}

/** A log over these hashes, signed and witnessed; another `keyByte` is another log of that name. */
export async function sampleLog(leaves: readonly string[], keyByte = 0x51): Promise<SampleLog> {
  const signer = await noteSigner('log', ORIGIN, keyByte);
  const witness = await noteSigner('witness', 'witness.example/w1', 0x52);
  const checkpoint = async (size: number, held = leaves): Promise<string> => {
    const hashes = held.slice(0, size).map((hash) => hashLeaf(Buffer.from(hash, 'hex')));
    const root = await treeRoot(await Promise.all(hashes));
    const { key, sign: signAsLog } = signer;
    const note = await signCheckpoint({ origin: ORIGIN, size, root }, key.publicKey, signAsLog);
    const text = note.slice(0, note.indexOf('\n\n') + 1);
    return note + (await signNoteText(text, witness.key, WITNESS_TIME, witness.sign));
  };
  const tree = treeOf(await Promise.all(leaves.map((hash) => hashLeaf(Buffer.from(hash, 'hex')))));
  return {
    leaves,
    signer,
    witness,
    key: formatNoteKey(signer.key),
    witnessKey: formatNoteKey(witness.key),
    checkpoint,
    prove: async (statements) =>
      proveRecord(await checkpoint(leaves.length), tree, statements.at(-1)?.hash ?? ''),
    growth: async (from) =>
      formatProofLines(await proveConsistency(tree.subtrees, from, leaves.length)),
  };
}

async function noteSigner(kind: NoteKey['kind'], name: string, byte: number): Promise<NoteSigner> {
  const der = Buffer.concat([PKCS8_PREFIX, Buffer.alloc(32, byte)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return {
    key: await noteKey(kind, name, Buffer.from(x, 'base64url')),
    sign: async (message) => sign(null, message, privateKey),
  };
}
