// An enclave that has no master key yet: it holds a key pair of its own, which its evidence binds,
// and takes the master key either from a quorum of share holders or from a running peer. Whatever
// comes in must be the key that the configuration commits to. Whoever started a session wipes it
// once it has the key. Every message is untrusted.

import { RecordError } from '@track-record/errors';
import { deriveKeyPair, type KeyPair, type MessageKind, openMessage } from '../hpke-message.ts';
import { Secret } from '../secret.ts';
import { peerContext, peerMessage } from './peer-message.ts';
import { combineShares, commitmentToKey, commitmentToShare, type Quorum } from './quorum.ts';
import { type ShareContext, shareContext, shareMessage } from './share-message.ts';

export class UnsealSession {
  readonly #quorum: Quorum;
  readonly #keyPair: KeyPair;
  /** By share commitment. */
  readonly #shares = new Map<string, Secret>();

  private constructor(quorum: Quorum, keyPair: KeyPair) {
    this.#quorum = quorum;
    this.#keyPair = keyPair;
  }

  /** `seed`: 32 random bytes, new at every start; the caller wipes them. */
  static async start(quorum: Quorum, seed: Secret): Promise<UnsealSession> {
    return new UnsealSession(quorum, await deriveKeyPair(seed));
  }

  /** For the evidence. */
  get publicKey(): Uint8Array {
    return this.#keyPair.publicKey.slice();
  }

  /** How many shares are here, of how many that are needed. */
  get progress(): { readonly held: number; readonly threshold: number } {
    return { held: this.#shares.size, threshold: this.#quorum.threshold };
  }

  /**
   * `context.holder` as the sender says, `context.reportData` of this enclave's own evidence.
   * UNSEAL_SHARE_REFUSED; ENVELOPE_MALFORMED: a name of more than 512 bytes.
   */
  async acceptShare(message: Uint8Array, context: ShareContext): Promise<void> {
    const aad = shareContext(this.#quorum.keyCommitment, context);
    const share = await this.#open(shareMessage, message, aad, 'UNSEAL_SHARE_REFUSED');
    const commitment = await commitmentToShare(share);
    const isOurs = this.#quorum.shareCommitments.includes(commitment);
    if (!isOurs || this.#shares.has(commitment)) {
      share.wipe();
      const place = isOurs ? 'share.repeated' : 'share.commitment';
      throw new RecordError('UNSEAL_SHARE_REFUSED', { place });
    }
    this.#shares.set(commitment, share);
  }

  /** The key, which the caller owns. UNSEAL_INCOMPLETE; UNSEAL_SHARE_REFUSED: not that key. */
  async masterKeyOfShares(): Promise<Secret> {
    if (this.#shares.size < this.#quorum.threshold) throw new RecordError('UNSEAL_INCOMPLETE');
    const master = await combineShares([...this.#shares.values()]);
    return await this.#requireCommitted(master, 'UNSEAL_SHARE_REFUSED');
  }

  /** The key, which the caller owns. HANDOVER_REFUSED. */
  async masterKeyOfPeer(message: Uint8Array, reportData: Uint8Array): Promise<Secret> {
    const aad = peerContext(this.#quorum.keyCommitment, reportData);
    const master = await this.#open(peerMessage, message, aad, 'HANDOVER_REFUSED');
    return await this.#requireCommitted(master, 'HANDOVER_REFUSED');
  }

  wipe(): void {
    for (const share of this.#shares.values()) share.wipe();
    this.#shares.clear();
  }

  async #open(
    kind: MessageKind,
    message: Uint8Array,
    aad: Uint8Array,
    code: Refusal,
  ): Promise<Secret> {
    try {
      return new Secret(await openMessage(kind, this.#keyPair, message, aad));
    } catch (cause) {
      throw new RecordError(code, { cause, place: 'message' });
    }
  }

  async #requireCommitted(master: Secret, code: Refusal): Promise<Secret> {
    if ((await commitmentToKey(master)) === this.#quorum.keyCommitment) return master;
    master.wipe();
    throw new RecordError(code, { place: 'key.commitment' });
  }
}

type Refusal = 'UNSEAL_SHARE_REFUSED' | 'HANDOVER_REFUSED';
