// The calls that show an owner's accounts, each with a token of its own. A list that broke off goes
// on behind its last message. Every answer is untrusted.

import { setTimeout as wait } from 'node:timers/promises';
import { callbackify } from 'node:util';
import {
  CallCredentials,
  type ChannelCredentials,
  type ClientReadableStream,
  Metadata,
} from '@grpc/grpc-js';
import { RecordError } from '@track-record/errors';
import type { RpcClient, RpcClientOptions, Windowed } from './client.ts';
import {
  ResultsClient,
  ReturnPeriod,
  type GetMetricsResponse,
  type GetMonthlyReturnsResponse,
} from './generated/trackrecord/v1/results.ts';
import {
  StatusClient,
  WatchClient,
  type GetStatusResponse,
} from './generated/trackrecord/v1/status.ts';
import { parseAccount, parseFigure, parseHour, parsePeriod } from './parse-answer.ts';
import { stream, unary } from './one-call.ts';

/** How often a list goes on without a further message. */
const RESUME_MAX = 3;
const RESUME_AFTER_MS = 300;

type OwnedCalls = Pick<
  RpcClient,
  | 'statusOf'
  | 'watchStatus'
  | 'hourlyReturns'
  | 'dailyReturns'
  | 'statements'
  | 'monthlyTable'
  | 'metrics'
>;

export function ownedCalls(
  { endpoint, ownerToken }: RpcClientOptions,
  credentials: ChannelCredentials,
  shared: ConstructorParameters<typeof StatusClient>[2],
): OwnedCalls {
  const accounts = new StatusClient(endpoint, credentials, shared);
  const watch = new WatchClient(endpoint, credentials, shared);
  const results = new ResultsClient(endpoint, credentials, shared);
  const call = ownerToken === undefined ? {} : { credentials: bearer(ownerToken) };
  const none = () => new Metadata();
  const subjectOf = (ownerId: string, accountId: string | null) => ({
    ownerId,
    accountId: accountId ?? undefined,
  });
  return {
    statusOf: async (ownerId, accountId, signal) => {
      const answer = await unary<GetStatusResponse>(signal, (reply) =>
        accounts.getStatus(subjectOf(ownerId, accountId), none(), call, reply),
      );
      return answer.accounts.map(parseAccount);
    },
    watchStatus: async function* (ownerId, accountId, signal) {
      const subject = subjectOf(ownerId, accountId);
      const answers = stream(signal, () => watch.watchStatus(subject, call));
      for await (const answer of answers) yield answer.accounts.map(parseAccount);
    },
    hourlyReturns: windowed(
      (request) => results.getHourlyReturns(request, call),
      (answer) => answer.hours.map(parseHour),
    ),
    dailyReturns: windowed(
      (request) => results.getDailyReturns(request, call),
      (answer) => answer.days.map(parsePeriod),
    ),
    statements: windowed(
      (request) => results.exportStatements(request, call),
      (answer) => answer.statements,
    ),
    monthlyTable: async (accountId, signal) => {
      const answer = await unary<GetMonthlyReturnsResponse>(signal, (reply) =>
        results.getMonthlyReturns({ accountId }, none(), call, reply),
      );
      return { months: answer.months.map(parsePeriod), years: answer.years.map(parsePeriod) };
    },
    metrics: async (accountId, { fromMs, toMs, period }, signal) => {
      const literal = period === 'hour' ? ReturnPeriod.HOUR : ReturnPeriod.DAY;
      const window = { accountId, fromMs: BigInt(fromMs), toMs: BigInt(toMs), period: literal };
      const { figures, returns, hoursWithoutReturn } = await unary<GetMetricsResponse>(
        signal,
        (reply) => results.getMetrics(window, none(), call, reply),
      );
      return { figures: figures.map(parseFigure), returns, hoursWithoutReturn };
    },
  };
}

function bearer(ownerToken: () => string | Promise<string>): CallCredentials {
  const present = async (): Promise<Metadata> => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${await ownerToken()}`);
    return metadata;
  };
  return CallCredentials.createFromMetadataGenerator((_options, done) => {
    callbackify(present)(done);
  });
}

interface Resumable {
  readonly resumeToken: Buffer;
}

interface WindowRequest extends Resumable {
  readonly accountId: string;
  readonly fromMs: bigint;
  readonly toMs: bigint;
}

/** A list in messages, begun again behind the last one when the connection was lost. */
function windowed<Answer extends Resumable, T>(
  start: (request: WindowRequest) => ClientReadableStream<Answer>,
  itemsOf: (answer: Answer) => readonly T[],
): Windowed<T> {
  return async function* (accountId, fromMs, toMs, signal) {
    const window = { accountId, fromMs: BigInt(fromMs), toMs: BigInt(toMs) };
    let resumeToken: Buffer = Buffer.alloc(0);
    for (let failures = 0; ;) {
      try {
        for await (const answer of stream(signal, () => start({ ...window, resumeToken }))) {
          yield* itemsOf(answer);
          resumeToken = answer.resumeToken;
          failures = 0;
        }
        return;
      } catch (error) {
        failures += 1;
        const isLost = error instanceof RecordError && error.code === 'RPC_UNAVAILABLE';
        if (!isLost || resumeToken.length === 0 || failures > RESUME_MAX) throw error;
        await wait(RESUME_AFTER_MS * failures, undefined, signal === undefined ? {} : { signal });
      }
    }
  };
}
