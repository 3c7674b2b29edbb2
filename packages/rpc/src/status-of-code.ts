// Which gRPC status a failure becomes. Only the code travels, as the status message; the cause, its message
// and its stack stay in the process. A new code of the rooms that answer calls breaks the switch.

import { codeOf, type Code } from '@track-record/errors';
import { status } from '@grpc/grpc-js';

/** What grpc-js sends: `details` is our code and nothing else. */
export interface CallStatus {
  readonly code: status;
  readonly details: Code;
}

/** Codes of the rooms that work inside a route. GetStatus shows them; no call fails with one. */
const ROUTE_ROOM = /^(CONFIG|PAYLOAD|JOB|DECIMAL|VENUE|LEDGER|RETURNS|ENVELOPE|POLICY)_/;
type RouteCode = Extract<
  Code,
  `${'CONFIG' | 'PAYLOAD' | 'JOB' | 'DECIMAL' | 'VENUE' | 'LEDGER' | 'RETURNS' | 'ENVELOPE' | 'POLICY'}_${string}`
>;

/** The status of whatever was thrown; a bug is INTERNAL like any other unexpected failure. */
export function statusOfError(error: unknown): CallStatus {
  const details = codeOf(error);
  const code = statusOfCode(details);
  return { code, details: code === status.INTERNAL ? 'INTERNAL' : details };
}

export function statusOfCode(code: Code): status {
  if (isRouteCode(code)) return status.INTERNAL;
  switch (code) {
    case 'ARGUMENT_INVALID':
      return status.INVALID_ARGUMENT;
    case 'ACCOUNT_UNKNOWN':
      return status.NOT_FOUND;
    case 'RPC_OVERLOADED':
      return status.RESOURCE_EXHAUSTED;
    case 'RPC_DEADLINE':
      return status.DEADLINE_EXCEEDED;
    case 'ACCOUNT_PAUSED':
    case 'ACCOUNT_ALREADY_CONNECTED':
    case 'KEY_UNKNOWN':
    case 'STATEMENT_MALFORMED':
    case 'STATEMENT_LINK_BROKEN':
    case 'STATEMENT_SIGNATURE_INVALID':
    case 'STATEMENT_RETURN_MISMATCH':
    case 'STATEMENT_KEY_UNBOUND':
    case 'STATEMENT_TIME_INVALID':
    case 'STORE_SCHEMA_UNEXPECTED':
    case 'STORE_DIRECTORY_IN_USE':
    case 'STORE_START_FAILED':
    case 'STORE_ROW_UNTRUSTED':
      return status.FAILED_PRECONDITION;
    case 'STORE_UNAVAILABLE':
    case 'STORE_CONFLICT':
    case 'KEY_SOURCE_UNAVAILABLE':
    case 'ATTESTATION_UNAVAILABLE':
    case 'RPC_UNAVAILABLE':
      return status.UNAVAILABLE;
    case 'REPORT_MALFORMED':
    case 'CHAIN_INVALID':
    case 'SIGNATURE_INVALID':
    case 'RPC_PEER_UNTRUSTED':
    case 'RPC_ANSWER_MALFORMED':
    case 'INTERNAL':
      return status.INTERNAL;
  }
}

function isRouteCode(code: Code): code is RouteCode {
  return ROUTE_ROOM.test(code);
}
