// A worker without its master key: it serves its evidence and its health, takes shares from holders
// and asks a peer if it has one. Nothing else of it runs. Whatever comes must be the key that the
// succession commits to. Every message is untrusted.

import { reportDataOf } from '@track-record/attestation/binding';
import { codeOf, RecordError } from '@track-record/errors';
import { MasterKey, type RandomBytes } from '@track-record/sealing';
import { type Quorum, Secret, UnsealSession } from '@track-record/sealing/unseal';
import { masterKeyIds, type Database } from '@track-record/store';
import type { Kysely } from 'kysely';
import { pause } from './claim-loop.ts';
import type { Door } from './door.ts';
import { bindingOf, openEvidence, type Identity } from './evidence.ts';
import type { WorkerOptions } from './worker.ts';

const SEED_SIZE_BYTES = 32;
/** A peer that is being started or is busy is asked again. */
const ASK_AGAIN_MS = 2_000;

/**
 * The master key, and first the one before it as long as the database has something under that.
 * UNSEAL_INCOMPLETE when the worker is stopped before.
 */
export async function unseal(
  options: WorkerOptions,
  identity: Identity,
  door: Door,
  db: Kysely<Database>,
  random: RandomBytes,
): Promise<MasterKey> {
  const { succession } = identity;
  if (succession === null) throw new RecordError('CONFIG_INVALID', { place: 'succession' });
  const receive = async (of: Quorum): Promise<Secret> => {
    const seed = new Secret(random(SEED_SIZE_BYTES));
    const session = await UnsealSession.start(of, seed).finally(() => seed.wipe());
    const key = receiveKey(options, identity, door, session);
    return await key.finally(() => session.wipe());
  };
  const { quorum, previous } = succession.document;
  const ids = await masterKeyIds(db);
  const isUsed = previous !== null && ids.some((id) => previous.keyCommitment.startsWith(id));
  const before = isUsed ? new MasterKey(await receive(previous)) : null;
  return new MasterKey(await receive(quorum), before);
}

/** One key, which the caller owns, to a key pair that nothing else is sealed to. */
async function receiveKey(
  options: WorkerOptions,
  identity: Identity,
  door: Door,
  session: UnsealSession,
): Promise<Secret> {
  const { config, log, stopping } = options;
  const binding = bindingOf(config, identity, { unsealPublicKey: session.publicKey });
  const reportData = await reportDataOf(binding);
  const evidence = await openEvidence(options, binding);
  const complete = new AbortController();
  const submitShare = async (holder: string, message: Uint8Array) => {
    await session.acceptShare(message, { holder, reportData });
    const { progress } = session;
    if (progress.held >= progress.threshold) complete.abort();
    return progress;
  };
  /** Null when there is no peer or it does not hand the key over. */
  const askPeer = async (): Promise<Secret | null> => {
    const peer = config.ENCLAVE_PEER;
    const release = identity.succession?.release ?? null;
    if (peer === undefined || release === null) return null;
    const endpoint = `${peer.host}:${peer.port}`;
    try {
      const asked = { endpoint, evidence: evidence.bytes(), release };
      const messages = await door.askPeer(asked);
      // One that holds two keys gives both; the one that is waited for opens here.
      const opened = messages.map((message) => session.masterKeyOfPeer(message, reportData));
      return await Promise.any(opened);
    } catch (error) {
      const cause: unknown = error instanceof AggregateError ? error.errors[0] : error;
      log('hand-over-failed', { code: codeOf(cause) });
      return null;
    }
  };
  try {
    const port = await door.offer({
      isSealed: true,
      evidence,
      signNonce: async () => new Uint8Array(),
      queue: async () => false,
      submitShare,
      handOver: () => Promise.reject(new RecordError('ENCLAVE_SEALED')),
    });
    log('sealed', { port });
    const ended = AbortSignal.any([stopping, complete.signal]);
    let key: Secret | null = null;
    while (key === null && !ended.aborted) {
      key = await askPeer();
      if (key === null) await pause(ASK_AGAIN_MS, ended);
    }
    const received = key ?? (await session.masterKeyOfShares());
    log('unsealed');
    return received;
  } finally {
    evidence.stop();
  }
}
