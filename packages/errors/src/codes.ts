// The closed vocabulary of expected failures: what each is called, who may see it, and whether
// trying again can help. A message is a constant: no value from a venue, a row or a caller ever
// becomes part of it.

/**
 * `later`: the same input may succeed after a wait. `never`: somebody must change something first.
 */
export type Retry = 'never' | 'later';

/**
 * What a failed job means for its account. `none`: the job itself was wrong, which says nothing of
 * the account it names. `wait`: the hour comes later by itself. `hold`: its hours are withheld
 * until the cause is gone and an operator is told. `pause`: nothing is tried until the owner acts.
 */
export type Consequence = 'none' | 'wait' | 'hold' | 'pause';

interface CodeEntry {
  readonly retry: Retry;
  readonly consequence: Consequence;
  readonly message: string;
}

export const codes = {
  ARGUMENT_INVALID: never('An argument does not have the form this command takes.'),
  CONFIG_INVALID: never(
    'The configuration is missing a setting, has one it does not know, or a malformed one.',
  ),
  PROCESS_EXPOSED: never('The process was not started as one that may hold keys in production.'),
  CODE_UNEXPECTED: never(
    'A deployed tree or image has another form than the one that is published.',
  ),
  PAYLOAD_INVALID: job('never', 'The job payload does not match the schema of its queue.'),
  ACCOUNT_UNKNOWN: job('never', 'There is no such account.'),
  ACCOUNT_ALREADY_CONNECTED: owner('This venue account is already connected.'),
  ACCOUNT_OF_ANOTHER_OWNER: owner('This venue account has a record under another owner.'),
  ACCOUNT_PAUSED: job('never', 'The account is paused until its owner or an operator acts.'),
  JOB_UNKNOWN: job('never', 'There is no such job, or none in a state that allows this.'),
  JOB_CLAIM_LOST: job('later', 'Another worker holds this job now; nothing was written.'),
  INTERNAL: later('An unexpected failure; nothing was written.'),

  DECIMAL_MALFORMED: never('A number is not a plain decimal string.'),
  DECIMAL_DIVISION_BY_ZERO: never('A division by zero.'),

  VENUE_UNKNOWN: never('No connector exists for this venue.'),
  VENUE_UNAVAILABLE: later('The venue did not answer, or not in time.'),
  VENUE_RATE_LIMITED: later('The venue asked for fewer requests.'),
  VENUE_MAINTENANCE: later('The venue is under maintenance.'),
  VENUE_HISTORY_SHORT: owner(
    'The venue does not serve what happened since the requested beginning of the record.',
  ),
  VENUE_CLOCK_SKEW: later('The venue refused the time of a request.'),
  VENUE_KEY_REJECTED: owner('The venue rejected the API key.'),
  VENUE_IP_REJECTED: owner(
    'The venue refuses the address this worker calls from; add it to the key.',
  ),
  VENUE_SCOPE_MISSING: owner('The API key lacks a read permission that the record needs.'),
  VENUE_GEO_BLOCKED: owner('The venue refuses the region this worker calls from.'),
  VENUE_ACCOUNT_CHANGED: owner('The API key belongs to another venue account than before.'),
  VENUE_KEY_CAN_WITHDRAW: owner('The API key may trade or withdraw; a read-only key is required.'),
  VENUE_INCOMPLETE: later('The venue did not give a provably complete answer.'),
  VENUE_UNEXPECTED_SHAPE: never('The venue answered in a form this connector does not know.'),
  VENUE_STALE: later('The venue answered with values older than the hour they are needed for.'),
  VENUE_HOST_REFUSED: never('A connection to a host outside the allow-list was refused.'),
  VENUE_FEED_UNSUPPORTED: never('The venue has no such feed.'),

  LEDGER_MALFORMED: never('The ledger document does not have the documented form.'),
  LEDGER_ENTRY_CONFLICT: never('Two entries share an id and differ.'),
  LEDGER_ENTRY_OUTSIDE_WINDOW: never('An entry or anchor lies where the window does not allow it.'),
  LEDGER_UNKNOWN_ENTRY_KIND: never('An entry has a kind this ledger does not know.'),
  LEDGER_UNPRICED_ASSET: later('A held asset has no price at the instant it is needed.'),
  LEDGER_NOT_RECONCILED: later('Opening plus entries does not meet an anchor within its bound.'),

  RETURNS_NAV_NOT_POSITIVE: never('A return over a non-positive net asset value is undefined.'),
  RETURNS_INPUT_MALFORMED: never('The list of returns does not have the documented form.'),

  STATEMENT_MALFORMED: never('A statement does not have the documented form.'),
  CLAIM_MALFORMED: job('never', 'A claim, or what is asked of one, does not have its form.'),
  CLAIM_PERIOD_UNKNOWN: job(
    'never',
    'A claim is of thirty whole days or more of the record that is released.',
  ),
  CLAIM_NOT_MET: job('never', 'The record does not meet what was to be claimed.'),
  CLAIM_SIGNATURE_INVALID: never('A claim is altered, or not signed by the stated key.'),
  CLAIM_RATIONED: job('later', 'So many claims of one account are not made in one day.'),
  STATEMENT_LINK_BROKEN: never('A statement does not link to the one before it.'),
  STATEMENT_SIGNATURE_INVALID: never('A statement is not signed by the stated key.'),
  STATEMENT_RETURN_MISMATCH: never('The figures do not follow from the hours.'),
  STATEMENT_KEY_UNBOUND: never('The signing key is not bound by the evidence.'),
  STATEMENT_TIME_INVALID: never('A statement is dated after the time of the check.'),

  LOG_EMPTY: later('The log has no checkpoint yet.'),
  LOG_MALFORMED: never('A checkpoint, log proof or log key does not have the documented form.'),
  LOG_SIGNATURE_INVALID: never('A checkpoint is not signed by the expected log.'),
  LOG_COSIGNATURE_MISSING: never('A checkpoint has fewer cosignatures than the policy requires.'),
  LOG_INCLUSION_INVALID: never('The record is not proved to be in the public log.'),
  LOG_INCONSISTENT: never('A checkpoint does not extend an earlier one.'),
  LOG_ROLLED_BACK: never('A checkpoint is smaller than one known before.'),
  LOG_SPLIT_VIEW: never('The log signed two different trees of one size.'),
  LOG_UNPUBLISHED: later('The public log cannot be written or read where it is shown.'),

  ENVELOPE_MALFORMED: never('A sealed envelope is cut, too long, or of another version.'),
  ENVELOPE_REFUSED: never('A sealed envelope does not open under this key and context.'),
  KEY_UNKNOWN: never('The key that sealed this is not held.'),
  UNSEAL_SHARE_REFUSED: never('A share of the master key is not one that this enclave asked for.'),
  ENCLAVE_SEALED: later('The enclave waits for its master key.'),
  UNSEAL_INCOMPLETE: later('Too few shares of the master key have come in.'),
  HANDOVER_REFUSED: never('The master key was not handed over to this enclave.'),
  KEY_SOURCE_UNAVAILABLE: later('The source of the master key does not answer.'),

  REPORT_MALFORMED: never('The attestation report does not have the layout of its version.'),
  CHAIN_INVALID: never('The certificate chain does not prove the reporting chip.'),
  SIGNATURE_INVALID: never('The report is not signed by the certified chip key.'),
  POLICY_VERSION: never('The report version is below the policy.'),
  POLICY_DEBUG: never('The guest may be debugged.'),
  POLICY_MIGRATION: never('The guest may be migrated by an agent.'),
  POLICY_VMPL: never('The report was made at a privilege level the policy refuses.'),
  POLICY_TCB: never('A firmware version is below the policy.'),
  POLICY_MEASUREMENT: never('The launch measurement is not one of the expected ones.'),
  POLICY_REPORT_DATA: never('The report is not bound to these keys.'),
  POLICY_HOST_DATA: never('The host data is not the expected one.'),
  POLICY_PRODUCT: never('The processor product is not one the policy allows.'),
  POLICY_CHIP: never('The chip is not one of the expected ones.'),
  POLICY_SIGNER: never('The kind of signing key is not one the policy allows.'),
  POLICY_PLATFORM: never('The platform lacks a protection that the policy requires.'),
  POLICY_FIRMWARE: never('The security processor firmware is older than the policy allows.'),
  POLICY_IDENTITY: never(
    'The guest identity (SVN, family, image or key digests) is not the expected one.',
  ),
  POLICY_SUCCESSION: never('The evidence does not name the expected source of the master key.'),
  POLICY_AGE: never('The evidence is older than the policy allows.'),
  POLICY_CODE: never('The evidence names other code than the release.'),
  MANIFEST_MALFORMED: never('The release manifest does not have the documented form.'),
  MANIFEST_UNSIGNED: never('Too few release keys signed the release manifest.'),
  MANIFEST_SVN: never('The release is older than the one that must not be gone behind.'),
  EVIDENCE_MALFORMED: never('The evidence does not have the documented form.'),
  FIRMWARE_REFUSED: never('The firmware does not measure what it was to be measured for.'),
  ATTESTATION_UNAVAILABLE: later('The attestation source did not give a report.'),
  ATTESTATION_DISABLED: never(
    'The security processor gives no more reports until the virtual machine is started anew.',
  ),

  RPC_UNAVAILABLE: later('The other side of the call does not answer.'),
  RPC_OVERLOADED: later('More calls run than the worker takes at once.'),
  RPC_DEADLINE: later('The call took longer than its deadline.'),
  RPC_UNAUTHENTICATED: never('The call needs a good certificate or owner token, and has none.'),
  RPC_FORBIDDEN: never('The caller may not ask this.'),
  RPC_PEER_UNTRUSTED: never('The other side does not hold the expected key.'),
  RPC_ANSWER_MALFORMED: never('The answer does not have the documented form.'),

  STORE_UNAVAILABLE: later('The database does not answer.'),
  STORE_CONFLICT: later('Another transaction wrote first; nothing was written.'),
  STORE_SCHEMA_UNEXPECTED: never('The database schema is not the one this version was built for.'),
  STORE_DIRECTORY_IN_USE: never('Another database server runs on this data directory.'),
  STORE_START_FAILED: never('The embedded database server did not start.'),
  STORE_ROW_UNTRUSTED: never('A stored row does not match what was sealed or signed for it.'),
} as const satisfies Record<string, CodeEntry>;

/**
 * Every expected failure. A new code breaks each exhaustive switch over this union until it is
 * handled.
 */
export type Code = keyof typeof codes;

function job(retry: Retry, message: string): CodeEntry {
  return { retry, consequence: 'none', message };
}

function never(message: string): CodeEntry {
  return { retry: 'never', consequence: 'hold', message };
}

/** Whether a text from outside is one of our codes. */
export function isCode(text: string): text is Code {
  return Object.hasOwn(codes, text);
}

/** Only the account's owner can mend it. */
function owner(message: string): CodeEntry {
  return { retry: 'never', consequence: 'pause', message };
}

function later(message: string): CodeEntry {
  return { retry: 'later', consequence: 'wait', message };
}
