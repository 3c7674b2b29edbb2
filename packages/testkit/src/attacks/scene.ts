// The scene of an attack: one account's record and everything an attacker can lay hands on. What
// no attacker has is the enclave's signing key.

import type { SignedStatement, SigningKey } from '@track-record/statement';
import type { ExportFile } from '@track-record/statement/export';
import type { LogProof } from '@track-record/statement/log';
import { exportOf, sampleKey, sampleLog, signHours, type SampleLog } from './sample-export.ts';

export const ACCOUNT = 'ab'.repeat(16);
export const OTHER_ACCOUNT = 'cd'.repeat(16);
/** What the verifier saw of the log before: some of the record, not yet all. */
export const KNOWN_SIZE = 6;

/** One account's record, and everything an attacker can lay hands on. */
export interface Scene {
  readonly key: SigningKey;
  /** The attacker's own key: no evidence names it. */
  readonly ownKey: SigningKey;
  /** Eight statements: six hours, a gap among them, one backfilled, one corrected twice. */
  readonly statements: readonly SignedStatement[];
  /** The record of another account under the same key. */
  readonly others: readonly SignedStatement[];
  readonly file: ExportFile;
  readonly log: SampleLog;
  readonly proof: LogProof;
  readonly policy: Readonly<Record<string, unknown>>;
  /** The checkpoint that the verifier saved, and the lines that prove what the log did since. */
  readonly known: string;
  readonly growth: string;
}

export interface Attack {
  readonly name: string;
  /** The file as the attacker hands it over: text, or what becomes JSON. */
  readonly make: (scene: Scene) => unknown;
  /** Its code and the name of the check that finds it. */
  readonly found: string;
}

export async function openScene(): Promise<Scene> {
  const key = await sampleKey(0x11);
  const statements = await signHours(key, ACCOUNT, [
    () => ({ provenance: 'backfilled' }),
    () => ({ return: '-0.020000' }),
    () => ({ status: 'unpriced', reason: 'unpriced', return: null, coverage: '0.75' }),
    () => ({ return: '0.003000' }),
    (signed) => ({ at: 1, return: '-0.021000', restates: hashAt(signed, 1) }),
    () => ({ at: 4 }),
    (signed) => ({ at: 1, return: '-0.022000', restates: hashAt(signed, 4) }),
    () => ({ at: 5 }),
  ]);
  const plain = (): object => ({});
  const others = await signHours(key, OTHER_ACCOUNT, [plain, plain, plain, plain, plain, plain]);
  const log = await sampleLog(
    hashesOf([...statements.slice(0, 4), ...others, ...statements.slice(4)]),
  );
  const proof = await log.prove(statements);
  const known = await log.checkpoint(KNOWN_SIZE);
  const growth = await log.growth(KNOWN_SIZE);
  const trust = { key: log.key, witnesses: [log.witnessKey], witnessesMin: 1, known, growth };
  return {
    key,
    ownKey: await sampleKey(0x12),
    statements,
    others,
    file: await exportOf(key, statements, proof),
    log,
    proof,
    policy: { allowDevelopmentEvidence: true, log: trust },
    known,
    growth,
  };
}

function hashAt(signed: readonly SignedStatement[], index: number): string {
  return signed[index]?.hash ?? '';
}

function hashesOf(statements: readonly SignedStatement[]): string[] {
  return statements.map(({ hash }) => hash);
}
