// The record's root, sealed in one row: what signs statements and tells accounts apart must outlive
// the master key. That it opens also proves, at every start, that the master key is the one of this
// database; without that a wrong key is noticed one failed sync after another (field-lessons R49:
// 24 of 24 in the first night).

import { RecordError } from '@track-record/errors';
import { contextBytes } from './context.ts';
import type { RandomBytes } from './envelope.ts';
import { type MasterKey, RecordRoot } from './key-hierarchy.ts';
import { Secret } from './secret.ts';

const CONTEXT = contextBytes([['sealed', 'sentinel']]);
const ROOT_SIZE_BYTES = 32;
/** In place of a root: then it has the value of the key that sealed this, the first one. */
const NO_ROOT = 'track-record/v1/sentinel';

/** A new root, sealed: once, at the first start on an empty database. */
export function sealRecordRoot(master: MasterKey, random: RandomBytes): Uint8Array {
  return master.sealRoot('sentinel', new Secret(random(ROOT_SIZE_BYTES)), CONTEXT, random);
}

/**
 * The caller wipes it. KEY_UNKNOWN when another master key sealed it or it was altered;
 * ENVELOPE_MALFORMED.
 */
export function openRecordRoot(master: MasterKey, envelope: Uint8Array): RecordRoot {
  return new RecordRoot(openRoot(master, envelope));
}

/** The same root, under the newer of the two keys. Refuses as `openRecordRoot` does. */
export function resealRecordRoot(
  master: MasterKey,
  envelope: Uint8Array,
  random: RandomBytes,
): Uint8Array {
  return master.sealRoot('sentinel', openRoot(master, envelope), CONTEXT, random);
}

function openRoot(master: MasterKey, envelope: Uint8Array): Secret {
  try {
    const root = master.openRoot('sentinel', envelope, CONTEXT);
    const isNone = root.open((bytes) => Buffer.from(NO_ROOT).equals(bytes));
    return isNone ? master.namedBy(envelope).copyForHandOver() : root;
  } catch (cause) {
    if (cause instanceof RecordError && cause.code === 'ENVELOPE_REFUSED') {
      throw new RecordError('KEY_UNKNOWN', { cause });
    }
    throw cause;
  }
}
