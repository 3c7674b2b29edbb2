// A worker without its master key: it serves its evidence and its health and takes the key, from
// holders who bring shares or from a source that it asks. Nothing else of it runs. Whatever comes
// must be the key that the succession commits to. Every message is untrusted.

import { reportDataOf } from '@track-record/attestation/binding';
import { codeOf, RecordError } from '@track-record/errors';
import type { HandOverRequest, SealedShare, ShareProgress } from '@track-record/rpc';
import { MasterKey, type RandomBytes } from '@track-record/sealing';
import { type Quorum, Secret, UnsealSession } from '@track-record/sealing/unseal';
import { masterKeyIds, type Database } from '@track-record/store';
import type { Kysely } from 'kysely';
import { pause } from './claim-loop.ts';
import { DOOR_GRACE_MS, openDoor } from './door.ts';
import { bindingOf, openEvidence, type Identity, type ServedEvidence } from './evidence.ts';
import { keySources, type Unsealed } from './key-sources.ts';
import { sealedSources } from './rpc-sources.ts';
import { verifySuccessor, type LoadedSuccession } from './succession.ts';
import type { WorkerOptions } from './worker.ts';

const SEED_SIZE_BYTES = 32;
/** A peer that is being started or a service that is away is asked again. */
const ASK_AGAIN_MS = 2_000;

/** One key that is needed, and the key itself once it is here. */
interface Place {
  readonly quorum: Quorum;
  readonly session: UnsealSession;
  key: Secret | null;
}

interface Waiting {
  /** The key to seal with, and the one before it where the database has something under that. */
  readonly places: readonly Place[];
  /** Of our own evidence: what comes must be sealed for it. */
  readonly reportData: Uint8Array;
  /** Aborts when every place has its key. */
  readonly whole: AbortController;
  readonly log: WorkerOptions['log'];
}

/**
 * UNSEAL_INCOMPLETE when the worker is stopped before; KEY_UNKNOWN: the database was sealed by a
 * key that the succession does not name; and what `verifySuccessor` refuses when it judges our own
 * evidence by our own manifest.
 */
export async function unseal(
  options: WorkerOptions,
  identity: Identity,
  db: Kysely<Database>,
  random: RandomBytes,
): Promise<Unsealed> {
  const { config, log, stopping } = options;
  const { succession, tls } = identity;
  if (succession === null) throw new RecordError('CONFIG_INVALID', { place: 'succession' });
  const places = await openPlaces(db, succession, random);
  const binding = bindingOf(config, identity, { unsealPublicKey: publicKeyOf(places) });
  const evidence = await openEvidence(options, binding);
  const reportData = await reportDataOf(binding);
  const waiting = { places, reportData, whole: new AbortController(), log };
  try {
    const svn = await ownSvn(options, succession, evidence);
    const sources = sealedSources(db, evidence, (share) => takeShare(waiting, share));
    const door = await openDoor(options, tls, sources);
    log('sealed', { port: door.port });
    const release = succession.release ?? new Uint8Array();
    const ended = AbortSignal.any([stopping, waiting.whole.signal]);
    while (!ended.aborted) {
      await askSources(options, waiting, { evidence: evidence.bytes(), release });
      await pause(ASK_AGAIN_MS, ended);
    }
    await door.stop(DOOR_GRACE_MS);
    return { master: masterKeyOf(waiting), svn };
  } finally {
    evidence.stop();
    for (const { session } of places) session.wipe();
  }
}

async function openPlaces(
  db: Kysely<Database>,
  { document }: LoadedSuccession,
  random: RandomBytes,
): Promise<readonly Place[]> {
  const ids = await masterKeyIds(db);
  const isUsed = ({ keyCommitment }: Quorum): boolean =>
    ids.some((id) => keyCommitment.startsWith(id));
  const { quorum, previous } = document;
  const quorums = previous !== null && isUsed(previous) ? [quorum, previous] : [quorum];
  if (ids.length > 0 && !quorums.some(isUsed)) throw new RecordError('KEY_UNKNOWN');
  const seed = new Secret(random(SEED_SIZE_BYTES));
  try {
    // The same pair of keys for both: what is sealed says which of them it is for.
    return await Promise.all(
      quorums.map(async (each) => ({
        quorum: each,
        session: await UnsealSession.start(each, seed),
        key: null,
      })),
    );
  } finally {
    seed.wipe();
  }
}

/** Our own evidence must pass what we would ask of a successor. */
async function ownSvn(
  { config, trustAnchors, clock }: WorkerOptions,
  succession: LoadedSuccession,
  evidence: ServedEvidence,
): Promise<number | null> {
  if (succession.release === null || config.AMD_SEV_SNP !== 'true') return null;
  const request = { evidence: evidence.bytes(), release: succession.release };
  const { manifest } = await verifySuccessor(succession, request, 0, trustAnchors, clock());
  return manifest.svn;
}

async function takeShare(waiting: Waiting, share: SealedShare): Promise<ShareProgress> {
  const place = waiting.places.find(({ quorum }) => quorum.keyCommitment === share.keyCommitment);
  if (place === undefined || place.key !== null) {
    throw new RecordError('UNSEAL_SHARE_REFUSED', { place: 'key' });
  }
  const { holder, message } = share;
  await place.session.acceptShare(message, { holder, reportData: waiting.reportData });
  waiting.log('share-accepted');
  const { progress } = place.session;
  if (progress.held >= progress.threshold) {
    keep(waiting, place, await place.session.masterKeyOfShares());
  }
  return progress;
}

async function askSources(
  { config, log }: WorkerOptions,
  waiting: Waiting,
  request: HandOverRequest,
): Promise<void> {
  for (const ask of keySources(config)) {
    try {
      const messages = await ask(request);
      for (const [index, place] of waiting.places.entries()) {
        const message = messages[index] ?? new Uint8Array();
        keep(waiting, place, await place.session.masterKeyOfPeer(message, waiting.reportData));
      }
    } catch (error) {
      log('key-source-failed', { code: codeOf(error) });
    }
  }
}

/** Shares and a source may bring a key at the same time: the first counts. */
function keep({ places, whole }: Waiting, place: Place, key: Secret): void {
  if (place.key === null) place.key = key;
  else key.wipe();
  if (places.every((each) => each.key !== null)) whole.abort();
}

function masterKeyOf({ places, whole, log }: Waiting): MasterKey {
  const [current, previous = null] = places.map(({ key }) => key);
  if (!whole.signal.aborted || current == null) {
    for (const { key } of places) key?.wipe();
    throw new RecordError('UNSEAL_INCOMPLETE');
  }
  log('unsealed');
  return new MasterKey(current, previous === null ? null : new MasterKey(previous));
}

function publicKeyOf(places: readonly Place[]): Uint8Array {
  return places[0]?.session.publicKey ?? new Uint8Array();
}
