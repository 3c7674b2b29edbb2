// Who may give an enclave its master key: the quorum of holders, and the release keys whose
// manifest says which enclave a running one hands it to. Public, part of the configuration, and
// bound in the evidence by its digest, so that a holder or a peer that verified the evidence knows
// that the key goes nowhere else from there. No node: imports: holders run this too.

import { RecordError } from '@track-record/errors';
import { hexOf, parseQuorum, type Quorum } from './quorum.ts';

const FORMAT = 'track-record-succession/1';
const FIELDS = ['format', 'quorum', 'previous', 'releaseKeys', 'releaseThreshold'];
const LABEL = 'track-record/v1/succession';

export interface Succession {
  readonly format: typeof FORMAT;
  readonly quorum: Quorum;
  /** Of the key before, as long as something may be sealed under it. */
  readonly previous: Quorum | null;
  /** Ed25519 public keys in hex. */
  readonly releaseKeys: readonly string[];
  /** How many of them must sign a manifest. */
  readonly releaseThreshold: number;
}

/** From configuration. CONFIG_INVALID. */
export function parseSuccession(value: unknown): Succession {
  const succession: Readonly<Record<string, unknown>> = { ...Object(value) };
  const { format, quorum, previous, releaseKeys, releaseThreshold } = succession;
  const names = Object.keys(succession);
  if (names.length !== FIELDS.length || !FIELDS.every((name) => names.includes(name))) refuse();
  if (format !== FORMAT) refuse();
  // What the keys must be is said where a manifest is verified with them.
  if (!Array.isArray(releaseKeys) || typeof releaseThreshold !== 'number') refuse();
  return {
    format,
    quorum: parseQuorum(quorum),
    previous: previous === null ? null : parseQuorum(previous),
    releaseKeys,
    releaseThreshold,
  };

  function refuse(): never {
    throw new RecordError('CONFIG_INVALID', { place: 'succession' });
  }
}

/**
 * What the evidence binds, in hex: SHA-256 of a label, the mode and the succession as JSON, a zero
 * byte after each of the first two. With the mode, because one that is in development obeys
 * settings that could lead the key elsewhere.
 */
export async function successionSha256(succession: Succession, mode: string): Promise<string> {
  const text = `${LABEL}\0${mode}\0${JSON.stringify(parseSuccession(succession))}`;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return hexOf(new Uint8Array(digest));
}
