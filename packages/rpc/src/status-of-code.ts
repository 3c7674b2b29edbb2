// Which gRPC status a failure becomes. Only the code travels, as the status message; the cause, its
// message and its stack stay in the process.

import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Metadata, status } from '@grpc/grpc-js';
import { codeOf, codes, type Code } from '@track-record/errors';

/** What grpc-js sends: `details` is our code and nothing else. */
export interface CallStatus {
  readonly code: status;
  readonly details: Code;
  readonly metadata?: Metadata;
}

/** Long enough for places and allowances to come free, short enough for a person who waits. */
const RETRY_SECONDS = 1;

/** Codes for which gRPC has a word of its own. */
const ownStatuses: Partial<Readonly<Record<Code, status>>> = {
  ARGUMENT_INVALID: status.INVALID_ARGUMENT,
  ACCOUNT_UNKNOWN: status.NOT_FOUND,
  RPC_OVERLOADED: status.RESOURCE_EXHAUSTED,
  LOG_EMPTY: status.NOT_FOUND,
  RPC_DEADLINE: status.DEADLINE_EXCEEDED,
  RPC_UNAUTHENTICATED: status.UNAUTHENTICATED,
  RPC_FORBIDDEN: status.PERMISSION_DENIED,
  INTERNAL: status.INTERNAL,
};

/**
 * A bug is INTERNAL. Otherwise gRPC divides failures as our codes do: wait, or mend something
 * first.
 */
export function statusOfError(error: unknown): CallStatus {
  const details = codeOf(error);
  const own = ownStatuses[details];
  if (own === status.RESOURCE_EXHAUSTED)
    return { code: own, details, metadata: retryDetails(details) };
  if (own !== undefined) return { code: own, details };
  switch (codes[details].retry) {
    case 'later':
      return { code: status.UNAVAILABLE, details };
    case 'never':
      return { code: status.FAILED_PRECONDITION, details };
  }
}

/** google.rpc.Status with a google.rpc.RetryInfo, in the trailer that gRPC gives it. */
function retryDetails(details: Code): Metadata {
  const duration = new BinaryWriter().uint32(0x08).int64(RETRY_SECONDS).finish();
  const retry = new BinaryWriter().uint32(0x0a).bytes(duration).finish();
  const type = 'type.googleapis.com/google.rpc.RetryInfo';
  const any = new BinaryWriter().uint32(0x0a).string(type).uint32(0x12).bytes(retry).finish();
  const writer = new BinaryWriter().uint32(0x08).int32(status.RESOURCE_EXHAUSTED);
  const message = writer.uint32(0x12).string(details).uint32(0x1a).bytes(any).finish();
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(message));
  return metadata;
}
