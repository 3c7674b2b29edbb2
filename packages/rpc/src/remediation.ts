// What the owner of an account can do about the code that its status shows. Texts are ours alone:
// only the code crosses the wire.

import { codes, type Code } from '@track-record/errors';

const remediations: Partial<Readonly<Record<Code, string>>> = {
  ACCOUNT_ALREADY_CONNECTED: 'Use the account that is connected already, or disconnect it first.',
  ACCOUNT_PAUSED: 'Ask the operator to resume the account.',
  VENUE_KEY_REJECTED: 'Check that the API key still exists at the venue, or hand in a new one.',
  VENUE_IP_REJECTED: "Add the worker's address to the key's allow-list at the venue.",
  VENUE_SCOPE_MISSING: 'Give the key every read permission that the venue page names.',
  VENUE_GEO_BLOCKED: 'The venue does not serve the region of the worker; ask the operator.',
  VENUE_ACCOUNT_CHANGED: 'Hand in a key of the venue account that the record began with.',
  VENUE_KEY_CAN_WITHDRAW: 'Hand in a key that can read and do nothing else.',
  VENUE_HISTORY_SHORT: 'Connect again with a later beginning of the record.',
  KEY_UNKNOWN: 'The account was forgotten; connect it anew.',
  ENVELOPE_REFUSED: 'Seal the credentials again, to the key in the present evidence.',
  ENVELOPE_MALFORMED: 'Seal the credentials again with the present version of the kit.',
};

/** One sentence per code: an act where the owner has one, or what happens by itself. */
export function remediationOf(code: Code): string {
  const own = remediations[code];
  if (own !== undefined) return own;
  return codes[code].retry === 'later'
    ? 'Nothing: it is tried again by itself.'
    : 'Nothing: an operator has to look at it.';
}
