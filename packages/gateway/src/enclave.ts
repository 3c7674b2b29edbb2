// The door of an enclave, entered only after its evidence was found good: until then a connection
// to it carries nothing of ours, and afterwards every call goes to the TLS key that the evidence
// binds. What it answers is parsed and not believed: an export is checked before it is given out,
// and hours are the enclave's word until `track-record verify` has checked an export of them.

import { RecordError } from '@track-record/errors';
import { connectRpc, type RpcClient, type RpcClientOptions } from '@track-record/rpc/client';
import { buildExport, type ExportFile } from '@track-record/statement/export';
import type { CallOptions } from './ask.ts';
import type { Window } from './released.ts';

const DEADLINE_MS = 30_000;
/** The door takes no instant beyond the year 9999. */
const ALWAYS: Window = { fromMs: 0, toMs: Date.UTC(9999, 0, 1) };

/** As the enclave gave it. */
export type EvidenceJson = Readonly<Record<string, unknown>>;

/** Of what the evidence binds, what a client speaks to and what signs the record. */
export interface BoundKeys {
  readonly tlsSpkiSha256: Uint8Array;
  readonly statementPublicKey: Uint8Array;
}

export interface EnclaveOptions extends Pick<RpcClientOptions, 'identity' | 'ownerToken'> {
  /** `host:port`. */
  readonly endpoint: string;
  /**
   * Judges the evidence by a policy of the caller's, for instance with `verifyEvidence`, and
   * throws when it refuses it.
   */
  readonly judge: (evidence: EvidenceJson) => Promise<BoundKeys>;
  /** For each call, streams included; a watch has none. 30 seconds when left out. */
  readonly deadlineMs?: number;
  /** Ends the opening; each call has its own. */
  readonly signal?: AbortSignal;
}

type Answers<Call extends (...args: never) => unknown> = ReturnType<Call>;

/**
 * Calls throw RecordError, as RPC_UNAVAILABLE, RPC_DEADLINE, RPC_OVERLOADED, RPC_FORBIDDEN or what
 * they name. None changes anything at the enclave, so that each is made again when the connection
 * was lost: a few times, with waits that grow.
 */
export interface Enclave {
  readonly evidence: EvidenceJson;
  readonly keys: BoundKeys;
  /** All accounts of the owner, or one: ACCOUNT_UNKNOWN when it is not the owner's. */
  status(
    ownerId: string,
    accountId: string | null,
    options?: CallOptions,
  ): Answers<RpcClient['statusOf']>;
  /** The same now, then the accounts that changed, until the caller leaves. */
  watch(
    ownerId: string,
    accountId: string | null,
    options?: CallOptions,
  ): Answers<RpcClient['watchStatus']>;
  /** Hours, oldest first; all without a window. */
  results(
    accountId: string,
    window?: Window,
    options?: CallOptions,
  ): Answers<RpcClient['hourlyReturns']>;
  /**
   * The record as a file that `track-record verify` checks. ACCOUNT_UNKNOWN while it is empty;
   * STATEMENT_* when it is no chain under the key of the evidence.
   */
  exportStatement(accountId: string, window?: Window, options?: CallOptions): Promise<ExportFile>;
  /** Everything else that the door answers, on the same connection. */
  readonly rpc: RpcClient;
  close(): void;
}

/**
 * What `judge` throws; RPC_PEER_UNTRUSTED when the door stands under another key than the evidence
 * binds.
 */
export async function openEnclave(options: EnclaveOptions): Promise<Enclave> {
  const { endpoint, deadlineMs = DEADLINE_MS, identity, ownerToken } = options;
  const evidence = await fetchEvidence(endpoint, deadlineMs, options.signal);
  const keys = await options.judge(evidence);
  const trust = { spkiSha256: keys.tlsSpkiSha256 };
  const ours = { ...(identity && { identity }), ...(ownerToken && { ownerToken }) };
  const rpc = await connectRpc({ endpoint, trust, deadlineMs, ...ours });
  return {
    evidence,
    keys,
    rpc,
    status: (ownerId, accountId, { signal } = {}) => rpc.statusOf(ownerId, accountId, signal),
    watch: (ownerId, accountId, { signal } = {}) => rpc.watchStatus(ownerId, accountId, signal),
    results: (accountId, { fromMs, toMs } = ALWAYS, { signal } = {}) =>
      rpc.hourlyReturns(accountId, fromMs, toMs, signal),
    exportStatement: async (accountId, { fromMs, toMs } = ALWAYS, { signal } = {}) => {
      const statements: { bytes: Uint8Array; signature: Uint8Array }[] = [];
      for await (const { body, signature } of rpc.statements(accountId, fromMs, toMs, signal)) {
        statements.push({ bytes: body, signature });
      }
      if (statements.length === 0) throw new RecordError('ACCOUNT_UNKNOWN');
      return await buildExport({ publicKey: keys.statementPublicKey, evidence, statements });
    },
    close: () => rpc.close(),
  };
}

/** From whoever answers: nothing of ours is sent, and nothing that comes is believed. */
async function fetchEvidence(
  endpoint: string,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<EvidenceJson> {
  const rpc = await connectRpc({ endpoint, trust: { untrusted: true }, deadlineMs });
  try {
    const answer = await rpc.attestation(new Uint8Array(), false, signal);
    return parseObject(Buffer.from(answer.evidence).toString());
  } finally {
    rpc.close();
  }
}

function parseObject(text: string): EvidenceJson {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (cause) {
    throw new RecordError('RPC_ANSWER_MALFORMED', { cause, place: 'evidence' });
  }
  throw new RecordError('RPC_ANSWER_MALFORMED', { place: 'evidence' });
}
