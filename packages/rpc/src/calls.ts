// How a call runs, whatever it asks: admitted, counted, bounded in time, cancelled with its caller,
// one message in flight per stream, and ended with a code. A caller controls how fast it reads and
// when it leaves.

import type { sendUnaryData, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { RecordError } from '@track-record/errors';
import type { Approach, Caller } from './access.ts';
import { allowances, type Allowance } from './allowance.ts';
import { statusOfError, type CallStatus } from './status-of-code.ts';

export interface CallLimits {
  /** Calls with one answer that run at once, over all connections. */
  readonly callsMax: number;
  /** The same of calls with a stream of answers, which last as long as their readers like. */
  readonly streamsMax: number;
  /** Calls of one client. */
  readonly perClient: Allowance;
  readonly unaryTimeoutMs: number;
  readonly streamTimeoutMs: number;
}

/** Told of every failure that is not a RecordError; the caller sees INTERNAL only. */
export type OnBug = (method: string, error: unknown) => void;

/** Who calls, told to `count` first; or the refusal. */
export type Admit = (call: Approach, count: (identity: string) => void) => Caller;

export interface Calls {
  /** A handler of one question with one answer. */
  unary<Request, Answer>(
    answer: (request: Request, caller: Caller) => Promise<Answer>,
  ): (call: ServerUnaryCall<Request, Answer>, reply: sendUnaryData<Answer>) => void;
  /** A handler of one question with a stream of answers. */
  stream<Request, Answer>(
    answer: (request: Request, caller: Caller) => AsyncGenerator<Answer>,
  ): (call: ServerWritableStream<Request, Answer>) => void;
  /** Ends whatever still runs. */
  end(): void;
}

export function createCalls(limits: CallLimits, onBug: OnBug, admit: Admit): Calls {
  const unaries = new Set<End>();
  const streams = new Set<End>();
  const isAllowed = allowances(limits.perClient);

  /**
   * Holds a place until the source has ended, which is later than the call when the source hangs.
   */
  async function inPlace<T>(
    [places, most]: readonly [Set<End>, number],
    end: End,
    call: Approach,
    work: (caller: Caller) => Promise<T>,
  ): Promise<T> {
    const caller = admit(call, (identity) => {
      if (!isAllowed(identity)) throw new RecordError('RPC_OVERLOADED');
    });
    if (places.size >= most) throw new RecordError('RPC_OVERLOADED');
    places.add(end);
    return await work(caller).finally(() => places.delete(end));
  }

  function failure(method: string, error: unknown): CallStatus {
    if (!(error instanceof RecordError)) onBug(method, error);
    return statusOfError(error);
  }

  return {
    unary: (answer) => (call, reply) => {
      const end = endOf(call, limits.unaryTimeoutMs);
      const answered = inPlace([unaries, limits.callsMax], end, call, (caller) =>
        answer(call.request, caller),
      );
      end.outlast(answered).then(
        (value) => reply(null, value),
        (error: unknown) => reply(failure(call.getPath(), error)),
      );
    },
    stream: (answer) => (call) => {
      const end = endOf(call, limits.streamTimeoutMs);
      const fail = (error: unknown) => call.emit('error', failure(call.getPath(), error));
      inPlace([streams, limits.streamsMax], end, call, async (caller) => {
        const answers = answer(call.request, caller);
        await pump(call, answers, end).then(() => call.end(), fail);
        await answers.return(undefined);
      }).catch(fail);
    },
    end: () => {
      for (const end of [...unaries, ...streams]) end.come(new RecordError('RPC_UNAVAILABLE'));
    },
  };
}

/**
 * Writes the answers one at a time: the next but one is asked for when the caller has taken the
 * last, so that reading and sending overlap and no more than two are held.
 */
async function pump<Answer>(
  call: ServerWritableStream<unknown, Answer>,
  answers: AsyncGenerator<Answer>,
  end: End,
): Promise<void> {
  for (let next = answers.next(); ;) {
    const { value, done } = await end.outlast(next);
    if (done === true) return;
    next = answers.next();
    // Whoever waits for it below hears of its failure; after an end nobody does.
    void Promise.allSettled([next]);
    const written = new Promise<void>((resolve, reject) => {
      call.write(value, (error?: Error | null) => (error ? reject(error) : resolve()));
    });
    await end.outlast(written);
  }
}

/** The end of a call, which may come before its answer. An AbortSignal costs as much as a call. */
interface End {
  come(reason: RecordError): void;
  /** What the work comes to, or why the call ended before; one at a time. */
  outlast<T>(work: Promise<T>): Promise<T>;
}

/** Comes when the caller leaves, or stays longer than a call may take. */
function endOf(
  call: ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>,
  timeoutMs: number,
): End {
  let reason: RecordError | null = null;
  let refuse: ((reason: RecordError) => void) | null = null;
  const come = (why: RecordError): void => {
    reason ??= why;
    refuse?.(reason);
  };
  const timer = setTimeout(() => come(new RecordError('RPC_DEADLINE')), timeoutMs);
  const leave = () => {
    clearTimeout(timer);
    come(new RecordError('RPC_UNAVAILABLE'));
  };
  // grpc-js emits `cancelled` at the end of every call, also of one that ended well.
  if (call.cancelled) leave();
  else call.once('cancelled', leave);
  return {
    come,
    outlast: (work) =>
      new Promise((resolve, reject) => {
        work.then(resolve, reject);
        refuse = reject;
        if (reason !== null) reject(reason);
      }),
  };
}
