// Every key of the worker, derived by HKDF-SHA256 (RFC 5869) from one of three kinds of 32 random
// bytes, with a label of its own, so that no two purposes share a key. The master key only seals:
// what must outlive it descends from roots that it seals. It does not say where the master key
// comes from, and never derives one from anything public such as a measurement (field-lessons S1).
//
//   master -- account wrap key -> seals each account's root (account-root.ts)
//          -- sentinel key -> seals the record's root (sentinel.ts)
//          -- fingerprint
//   record root -- statement signing seed, log signing seed, intake seed, pseudonym, venue account
//   account root -- credential, segment, state, fingerprint
//
// HKDF info: label || 0x00; salt empty, because the key is uniformly random (RFC 5869, 3.1).

import { createHmac, hkdfSync } from 'node:crypto';
import { RecordError } from '@track-record/errors';
import { contextBytes } from './context.ts';
import { envelopeKeyId, open, type RandomBytes, sealAndProve } from './envelope.ts';
import { type KeyLabel, keyLabels } from './key-labels.ts';
import { Secret } from './secret.ts';

const KEY_SIZE_BYTES = 32;
/** Enough to tell keys apart; no more of the fingerprint is shown than is needed for that. */
const KEY_ID_SIZE_BYTES = 8;
/** 128 bits: no two accounts collide, and a statement stays short. */
const PSEUDONYM_HEX_DIGITS = 32;
const HEX_KEY = /^[0-9a-fA-F]{64}$/;
const BASE64_KEY = /^[A-Za-z0-9+/]{43}=$/;

/** 32 bytes as 64 hex digits or padded base64, white space around them ignored. CONFIG_INVALID. */
export function parseMasterKey(text: string): MasterKey {
  const key = text.trim();
  const encoding = HEX_KEY.test(key) ? 'hex' : 'base64';
  const bytes = new Uint8Array(KEY_SIZE_BYTES);
  const view = Buffer.from(bytes.buffer);
  view.write(key, encoding);
  // Base64 has several spellings of one key in its last digit; only the one that encodes back is
  // taken.
  const exact = encoding === 'hex' || (BASE64_KEY.test(key) && view.toString('base64') === key);
  if (!exact) {
    bytes.fill(0);
    throw new RecordError('CONFIG_INVALID', { place: 'ENCRYPTION_KEY' });
  }
  return new MasterKey(new Secret(bytes));
}

type RootKind = 'accountWrap' | 'sentinel';

export class MasterKey {
  readonly id: string;
  readonly #secret: Secret;
  /** The key before, as long as something may be sealed under it. */
  previous: MasterKey | null;

  /**
   * Takes ownership of the 32 bytes, and of the key that this one takes the place of as long as
   * something is sealed under that. CONFIG_INVALID when they are not 32.
   */
  constructor(secret: Secret, previous: MasterKey | null = null) {
    if (secret.open((bytes) => bytes.length) !== KEY_SIZE_BYTES) {
      throw new RecordError('CONFIG_INVALID', { place: 'ENCRYPTION_KEY' });
    }
    this.#secret = secret;
    this.previous = previous;
    this.id = keyIdOf(secret);
  }

  /** The key that an envelope names, out of these two; opening it says whether it is. */
  namedBy(envelope: Uint8Array): MasterKey {
    return this.previous?.id === envelopeKeyId(envelope) ? this.previous : this;
  }

  /** A root, sealed for a place; wipes the root. */
  sealRoot(kind: RootKind, root: Secret, context: Uint8Array, random: RandomBytes): Uint8Array {
    const key = { id: this.id, secret: deriveKey(this.#secret, keyLabels[kind]) };
    try {
      return root.open((bytes) => sealAndProve(key, bytes, context, random));
    } finally {
      root.wipe();
      key.secret.wipe();
    }
  }

  /** The caller wipes it. ENVELOPE_MALFORMED, ENVELOPE_REFUSED, KEY_UNKNOWN: of neither key. */
  openRoot(kind: RootKind, envelope: Uint8Array, context: Uint8Array): Secret {
    const named = this.namedBy(envelope);
    const key = { id: named.id, secret: deriveKey(named.#secret, keyLabels[kind]) };
    try {
      return new Secret(open(key, envelope, context));
    } finally {
      key.secret.wipe();
    }
  }

  /** The key itself, for a peer or its holders and for nothing else; the caller wipes it. */
  copyForHandOver(): Secret {
    return this.#secret.open((bytes) => new Secret(bytes.slice()));
  }

  /** For when nothing is sealed under the key before this one any more. */
  wipePrevious(): void {
    this.previous?.wipe();
    this.previous = null;
  }

  wipe(): void {
    this.wipePrevious();
    this.#secret.wipe();
  }
}

/** What must stay the same under every master key: who signs, and who is who. */
export class RecordRoot {
  readonly #secret: Secret;

  /** Takes ownership of the 32 bytes. */
  constructor(secret: Secret) {
    this.#secret = secret;
  }

  /** Ed25519 seed (RFC 8032, 5.1.5); the caller wipes it. */
  statementSigningSeed(): Secret {
    return deriveKey(this.#secret, keyLabels.statementSigning);
  }

  /** The same of the key that signs the public log's checkpoints. */
  logSigningSeed(): Secret {
    return deriveKey(this.#secret, keyLabels.logSigning);
  }

  /** Key material for the intake key pair (RFC 9180, 7.1.3); the caller wipes it. */
  intakeSeed(): Secret {
    return deriveKey(this.#secret, keyLabels.intake);
  }

  /**
   * The name of an account or an owner in statements, or what salts one: stable, and meaningless
   * without this root.
   */
  pseudonym(id: string, of: 'account' | 'owner' | 'statement' = 'account'): string {
    const message = contextBytes([[of, id]]);
    return this.#mac('pseudonym', message).slice(0, PSEUDONYM_HEX_DIGITS);
  }

  /** Recognises the same venue account under two owners or two API keys without storing its id. */
  venueAccountHash(venue: string, venueAccountId: string): string {
    return this.#mac(
      'venueAccount',
      contextBytes([
        ['venue', venue],
        ['venueAccount', venueAccountId],
      ]),
    );
  }

  wipe(): void {
    this.#secret.wipe();
  }

  #mac(name: 'pseudonym' | 'venueAccount', message: Uint8Array): string {
    const derived = deriveKey(this.#secret, keyLabels[name]);
    try {
      return derived.open((key) => createHmac('sha256', key).update(message).digest('hex'));
    } finally {
      derived.wipe();
    }
  }
}

/** What every envelope names its key by: 16 hex digits. */
export function keyIdOf(key: Secret): string {
  const fingerprint = deriveKey(key, keyLabels.fingerprint);
  try {
    return fingerprint.open((bytes) =>
      Buffer.from(bytes.subarray(0, KEY_ID_SIZE_BYTES)).toString('hex'),
    );
  } finally {
    fingerprint.wipe();
  }
}

/** The caller wipes it. */
export function deriveKey(parent: Secret, label: KeyLabel): Secret {
  const info = Buffer.from(`${label}\0`, 'utf8');
  return parent.open(
    (bytes) => new Secret(new Uint8Array(hkdfSync('sha256', bytes, '', info, KEY_SIZE_BYTES))),
  );
}
