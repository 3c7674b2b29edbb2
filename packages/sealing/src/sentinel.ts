// Proves at every start that the master key is the one that sealed this database. Without it a
// wrong key is noticed one failed sync after another (field-lessons R49: 24 of 24 in the first
// night).

import { RecordError } from '@track-record/errors';
import { contextBytes } from './context.ts';
import { open, sealAndProve, type RandomBytes } from './envelope.ts';
import type { MasterKey } from './key-hierarchy.ts';

const CONTEXT = contextBytes([['sealed', 'sentinel']]);
/** A public constant: that it opens is the proof. */
const PLAINTEXT = new TextEncoder().encode('track-record/v1/sentinel');

/** Sealed once, at the first start on an empty database. */
export function sealSentinel(master: MasterKey, random: RandomBytes): Uint8Array {
  const key = master.sentinelKey();
  try {
    return sealAndProve(key, PLAINTEXT, CONTEXT, random);
  } finally {
    key.secret.wipe();
  }
}

/** KEY_UNKNOWN when another master key sealed it or it was altered; ENVELOPE_MALFORMED. */
export function proveSentinel(master: MasterKey, envelope: Uint8Array): void {
  const key = master.sentinelKey();
  try {
    open(key, envelope, CONTEXT);
  } catch (cause) {
    if (cause instanceof RecordError && cause.code === 'ENVELOPE_REFUSED') {
      throw new RecordError('KEY_UNKNOWN', { cause });
    }
    throw cause;
  } finally {
    key.secret.wipe();
  }
}
