// What is asked about an owner's accounts: their progress and their released record. Each call is
// about one owner, whose token the caller brought; an account of another owner is one that does not
// exist.

import assert from 'node:assert';
import { RecordError } from '@track-record/errors';
import { isInScope, ownerOf, type Caller } from './access.ts';
import { parseLiteral, parseUuid, parseWindow } from './arguments.ts';
import type { Calls } from './calls.ts';
import { ReturnPeriod, type ResultsServer } from './generated/trackrecord/v1/results.ts';
import type { StatusServer, WatchServer } from './generated/trackrecord/v1/status.ts';
import { parseResumeToken, resumeToken } from './resume-token.ts';
import type { RecordWindow, ReturnPeriodName, RpcSources } from './sources.ts';
import { createWatch } from './watch.ts';
import { accountToWire, figureToWire, hourToWire, periodToWire, statementToWire } from './wire.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The year 10000, after every record. */
const END_OF_TIME_MS = 253_402_300_800_000n;

interface OwnedRequest {
  readonly ownerId: string;
  readonly accountId?: string | undefined;
}

interface WindowRequest {
  readonly accountId: string;
  readonly fromMs: bigint;
  readonly toMs: bigint;
  readonly resumeToken?: Uint8Array;
}

export function statusServer(calls: Calls, sources: RpcSources): StatusServer {
  return {
    getStatus: calls.unary(async (request, caller) => {
      const { owner, isWanted } = parseOwned(request, caller);
      const found = (await sources.statusOf([owner])).filter((each) => isWanted(each.accountId));
      if (request.accountId !== undefined && found.length === 0) {
        throw new RecordError('ACCOUNT_UNKNOWN');
      }
      return { accounts: found.map(accountToWire) };
    }),
  };
}

export function watchServer(calls: Calls, sources: RpcSources): WatchServer {
  const watch = createWatch((owners) => sources.statusOf(owners));
  return {
    watchStatus: calls.stream(async function* (request, caller) {
      const { owner, isWanted } = parseOwned(request, caller);
      for await (const changed of watch(owner, isWanted)) {
        if (request.accountId !== undefined && changed.length === 0) {
          throw new RecordError('ACCOUNT_UNKNOWN');
        }
        yield { accounts: changed.map(accountToWire) };
      }
    }),
  };
}

/** The owner asked about, and which of its accounts. */
function parseOwned({ ownerId, accountId }: OwnedRequest, caller: Caller) {
  const owner = ownerOf(caller, parseUuid(ownerId, 'owner_id'));
  const account = accountId === undefined ? null : parseUuid(accountId, 'account_id');
  const isWanted = (id: string) => (account === null || account === id) && isInScope(caller, id);
  return { owner, isWanted };
}

export function resultsServer(calls: Calls, sources: RpcSources): ResultsServer {
  /** The record as it is now, or as it was when the stream began that goes on. */
  async function open(
    method: keyof ResultsServer & string,
    request: WindowRequest,
    caller: Caller,
  ) {
    const asked = parseWindow(request);
    const { accountId } = asked;
    const resumed = parseResumeToken(request.resumeToken ?? NO_TOKEN, method, asked);
    if (!isInScope(caller, accountId)) throw new RecordError('ACCOUNT_UNKNOWN');
    const present = await sources.headOf(caller.scope?.ownerId ?? null, accountId);
    const head = Math.min(resumed?.head ?? present, present);
    const next = resumed === null ? 0 : resumed.next;
    const tokenAt = (behind: number) => resumeToken({ next: behind, head }, method, asked);
    const window: RecordWindow = { ...asked, fromSequence: 0, head };
    return { window, from: { ...window, fromMs: Math.max(asked.fromMs, next) }, next, tokenAt };
  }
  return {
    getHourlyReturns: calls.stream(async function* (request, caller) {
      const { from, tokenAt } = await open('getHourlyReturns', request, caller);
      for await (const page of sources.hourlyReturns(from)) {
        yield { hours: page.map(hourToWire), resumeToken: tokenAt(lastOf(page).hourMs + HOUR_MS) };
      }
    }),
    getDailyReturns: calls.stream(async function* (request, caller) {
      const { from, tokenAt } = await open('getDailyReturns', request, caller);
      // Days that start in the window, each of them whole.
      const days = { ...from, fromMs: dayFrom(from.fromMs), toMs: dayFrom(from.toMs) };
      for await (const page of sources.dailyReturns(days)) {
        yield { days: page.map(periodToWire), resumeToken: tokenAt(lastOf(page).startMs + DAY_MS) };
      }
    }),
    getMonthlyReturns: calls.unary(async ({ accountId }, caller) => {
      const whole = { accountId, fromMs: 0n, toMs: END_OF_TIME_MS };
      const { window } = await open('getMonthlyReturns', whole, caller);
      const { months, years } = await sources.monthlyTable(window);
      return { months: months.map(periodToWire), years: years.map(periodToWire) };
    }),
    getMetrics: calls.unary(async (request, caller) => {
      const period = parseLiteral<ReturnPeriodName>(ReturnPeriod, request.period, 'period');
      const { window } = await open('getMetrics', request, caller);
      const { figures, ...counts } = await sources.metrics(window, period);
      return { figures: figures.map(figureToWire), ...counts };
    }),
    exportStatements: calls.stream(async function* (request, caller) {
      const { window, next, tokenAt } = await open('exportStatements', request, caller);
      for await (const page of sources.statements({ ...window, fromSequence: next })) {
        const token = tokenAt(lastOf(page).sequence + 1);
        yield { statements: page.map(statementToWire), resumeToken: token };
      }
    }),
  };
}

/** The first midnight that is not before. */
function dayFrom(ms: number): number {
  return Math.ceil(ms / DAY_MS) * DAY_MS;
}

const NO_TOKEN = new Uint8Array();

/** A source gives no empty page. */
function lastOf<T>(page: readonly T[]): T {
  const last = page.at(-1);
  assert(last !== undefined);
  return last;
}
