// The keys of one account. They descend from a root of its own: random, and sealed for a row of the
// database by a key of the master. So deleting that row makes everything that was ever sealed for
// the account unreadable (crypto-shredding), and another master key means sealing the roots again
// and nothing else. A row that somebody kept a copy of brings the account back: backups have to
// forget it too. Rows are untrusted.

import { contextBytes } from './context.ts';
import type { RandomBytes, SealingKey } from './envelope.ts';
import { deriveKey, keyIdOf, type MasterKey } from './key-hierarchy.ts';
import { keyLabels } from './key-labels.ts';
import { Secret } from './secret.ts';

const ROOT_SIZE_BYTES = 32;

/** The keys of one account. Whoever asks for them wipes them in a `finally`. */
export interface AccountKeys {
  readonly accountId: string;
  readonly credential: SealingKey;
  readonly segment: SealingKey;
  readonly state: SealingKey;
  readonly wipe: () => void;
}

/** A new root, sealed: once for each account, when it is connected. */
export function sealAccountRoot(
  master: MasterKey,
  accountId: string,
  random: RandomBytes,
): Uint8Array {
  const root = new Secret(random(ROOT_SIZE_BYTES));
  return master.sealRoot('accountWrap', root, rootContext(accountId), random);
}

/** ENVELOPE_MALFORMED, ENVELOPE_REFUSED, KEY_UNKNOWN: sealed under another master key. */
export function openAccountKeys(
  master: MasterKey,
  accountId: string,
  envelope: Uint8Array,
): AccountKeys {
  const root = master.openRoot('accountWrap', envelope, rootContext(accountId));
  return accountKeysOf(accountId, root);
}

/** The same root, under the newer of the two keys. Refuses as `openAccountKeys` does. */
export function resealAccountRoot(
  master: MasterKey,
  accountId: string,
  envelope: Uint8Array,
  random: RandomBytes,
): Uint8Array {
  const context = rootContext(accountId);
  const root = master.openRoot('accountWrap', envelope, context);
  return master.sealRoot('accountWrap', root, context, random);
}

/** Takes the root and wipes it. */
function accountKeysOf(accountId: string, root: Secret): AccountKeys {
  try {
    const id = keyIdOf(root);
    const credential = deriveKey(root, keyLabels.credential);
    const segment = deriveKey(root, keyLabels.segment);
    const state = deriveKey(root, keyLabels.state);
    return {
      accountId,
      credential: { id, secret: credential },
      segment: { id, secret: segment },
      state: { id, secret: state },
      wipe: () => {
        for (const secret of [credential, segment, state]) secret.wipe();
      },
    };
  } finally {
    root.wipe();
  }
}

function rootContext(accountId: string): Uint8Array {
  return contextBytes([
    ['sealed', 'account-root'],
    ['account', accountId],
  ]);
}
