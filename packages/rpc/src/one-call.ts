// One call of the client: cancelled with its caller, and its failure as one of our codes.

import {
  status,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import { codes, RecordError, type Code } from '@track-record/errors';
import { parseCode } from './parse-answer.ts';

export function unary<Answer>(
  signal: AbortSignal | undefined,
  start: (reply: (error: ServiceError | null, answer: Answer) => void) => ClientUnaryCall,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const call = start((error, answer) => {
      signal?.removeEventListener('abort', cancel);
      if (error === null) resolve(answer);
      else reject(failureOf(error, signal));
    });
    const cancel = () => call.cancel();
    signal?.addEventListener('abort', cancel);
  });
}

/** One message at a time: the next is read when the caller asks for it. */
export async function* stream<Answer>(
  signal: AbortSignal | undefined,
  start: () => ClientReadableStream<Answer>,
): AsyncGenerator<Answer> {
  signal?.throwIfAborted();
  const call = start();
  const cancel = () => call.cancel();
  signal?.addEventListener('abort', cancel);
  // The loop below reports the error; this one is for the CANCELLED that follows when a caller
  // stops early.
  call.on('error', () => undefined);
  const answers: AsyncIterable<Answer> = call;
  try {
    yield* answers;
  } catch (error) {
    throw failureOf(error, signal);
  } finally {
    signal?.removeEventListener('abort', cancel);
    call.cancel();
  }
}

/** The abort's own reason, or our code where the server sent one, or what the status means. */
function failureOf(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (!isServiceError(error)) return error;
  if (Object.hasOwn(codes, error.details)) {
    return new RecordError(parseCode(error.details), { cause: error });
  }
  return new RecordError(codeOfStatus(error.code), { cause: error });
}

function isServiceError(error: unknown): error is ServiceError {
  return Error.isError(error) && 'details' in error && 'code' in error;
}

function codeOfStatus(code: status): Code {
  if (code === status.UNAVAILABLE) return 'RPC_UNAVAILABLE';
  if (code === status.DEADLINE_EXCEEDED) return 'RPC_DEADLINE';
  if (code === status.RESOURCE_EXHAUSTED) return 'RPC_OVERLOADED';
  if (code === status.UNAUTHENTICATED) return 'RPC_UNAUTHENTICATED';
  if (code === status.PERMISSION_DENIED) return 'RPC_FORBIDDEN';
  return 'RPC_ANSWER_MALFORMED';
}
