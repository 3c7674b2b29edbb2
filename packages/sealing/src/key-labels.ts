// What each derived key is for: the labels of HKDF (RFC 5869). No node: import, because holders of
// key shares name the master key by its fingerprint in browsers too.

/** Every label in use, for the docs and for whoever recomputes a key. A label is never reused. */
export const keyLabels = {
  fingerprint: 'track-record/v1/key-fingerprint',
  accountWrap: 'track-record/v1/account-wrap-key',
  credential: 'track-record/v1/credential-key',
  segment: 'track-record/v1/segment-key',
  state: 'track-record/v1/state-key',
  statementSigning: 'track-record/v1/statement-signing-seed',
  logSigning: 'track-record/v1/log-signing-seed',
  intake: 'track-record/v1/intake-seed',
  sentinel: 'track-record/v1/sentinel-key',
  pseudonym: 'track-record/v1/pseudonym-key',
  venueAccount: 'track-record/v1/venue-account-key',
} as const;

export type KeyLabel = (typeof keyLabels)[keyof typeof keyLabels];
