// Which gRPC status a failure becomes. Only the code travels, as the status message; the cause, its
// message and its stack stay in the process.

import { status } from '@grpc/grpc-js';
import { codeOf, codes, type Code } from '@track-record/errors';

/** What grpc-js sends: `details` is our code and nothing else. */
export interface CallStatus {
  readonly code: status;
  readonly details: Code;
}

/** Codes for which gRPC has a word of its own. */
const ownStatuses: Partial<Readonly<Record<Code, status>>> = {
  ARGUMENT_INVALID: status.INVALID_ARGUMENT,
  ACCOUNT_UNKNOWN: status.NOT_FOUND,
  RPC_OVERLOADED: status.RESOURCE_EXHAUSTED,
  RPC_DEADLINE: status.DEADLINE_EXCEEDED,
  INTERNAL: status.INTERNAL,
};

/**
 * A bug is INTERNAL. Otherwise gRPC divides failures as our codes do: wait, or mend something
 * first.
 */
export function statusOfError(error: unknown): CallStatus {
  const details = codeOf(error);
  const own = ownStatuses[details];
  if (own !== undefined) return { code: own, details };
  switch (codes[details].retry) {
    case 'later':
      return { code: status.UNAVAILABLE, details };
    case 'never':
      return { code: status.FAILED_PRECONDITION, details };
  }
}
