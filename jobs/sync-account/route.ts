// The one route of the record: brings an account's hours up to the wanted one. Manual, scheduled
// and backfill work differ only in the window. The job itself is untrusted: running it twice, late
// or out of order changes nothing that is already stated.

import { RecordError } from '@track-record/errors';
import type { AccountKeys } from '@track-record/sealing';
import { loadSegments, type Account } from '@track-record/store';
import type { Venue } from '@track-record/venues';
import type { AccountState } from '../account-state.ts';
import { venueOf, visitVenue, type Visit } from '../collect.ts';
import { commitHours } from '../commit-hours.ts';
import { settleUnchanged, type RouteContext } from '../context.ts';
import { deriveHours, type Derivation } from '../derive-hours.ts';
import { finalUntil, HOUR_MS, servedFrom, startOfHour } from '../hour.ts';
import { accountKeys, activeAccount, trustedState } from '../load-subject.ts';
import { journalOf, openJournal, type Journal } from '../journal.ts';
import { stateHours } from '../state-hours.ts';
import { statementFrame } from '../statement-frame.ts';
import type { SyncAccountPayload } from './queue.ts';

interface Attempt {
  readonly visit: Visit;
  readonly derivation: Derivation;
  /** True when hours that are stated already had to be derived again. */
  readonly replayed: boolean;
}

interface Subject {
  readonly account: Account;
  readonly venue: Venue;
  readonly keys: AccountKeys;
  readonly state: AccountState | null;
  /** End of the last hour wanted. */
  readonly wantedTo: number;
}

export async function syncAccount(
  payload: SyncAccountPayload,
  context: RouteContext,
): Promise<void> {
  const account = await activeAccount(payload.accountId, context);
  const keys = await accountKeys(account.accountId, context);
  try {
    const state = await trustedState(keys, context);
    context.step('loaded');
    const venue = venueOf(account.venue, context);
    // An hour that was asked for before it is final comes with a later job.
    const final = finalUntil(venue.capabilities, context.now());
    const wantedTo = Math.min(payload.hour + HOUR_MS, final);
    if (wantedTo <= statedTo(account, state)) return await settleUnchanged(context);
    const subject: Subject = { account, venue, keys, state, wantedTo };
    const attempt = await reconciledAttempt(subject, context);
    const frame = await statementFrame(
      account,
      attempt.visit.identity,
      state,
      attempt.replayed,
      context,
    );
    const stated = await stateHours(attempt.derivation.report.hours, frame, context);
    context.step('signed');
    const next = nextState(
      subject,
      attempt,
      stated.at(-1)?.signed.hash ?? frame.head,
      stated.length,
    );
    await commitHours(
      {
        keys,
        firstSequence: state?.nextSequence ?? 1,
        records: attempt.derivation.fresh,
        stated,
        state: next,
        lastHour: lastHourOf(next),
        hoursMissing:
          (finalUntil(venue.capabilities, next.coveredTo) - next.checkpoint.asOf) / HOUR_MS,
      },
      context,
    );
  } finally {
    keys.wipe();
  }
}

/**
 * Asks for what is new and derives the hours. When opening plus entries does not meet the venue's
 * balances, asks once more for everything the venue still serves: a row may have appeared late, or
 * in a market this account had never traded before. LEDGER_NOT_RECONCILED when that does not
 * explain the difference either.
 */
async function reconciledAttempt(subject: Subject, context: RouteContext): Promise<Attempt> {
  const { account, state, venue } = subject;
  const earliest = startOfHour(account.historyFrom);
  const recent = state === null ? earliest : state.coveredTo - venue.capabilities.finalityLagMs;
  const first = await attemptFrom(subject, recent, state?.cursor ?? null, context);
  if (isReconciled(first.derivation)) return first;
  if (state === null) throw new RecordError('LEDGER_NOT_RECONCILED');
  const served = Math.max(earliest, servedFrom(venue.capabilities, context.now()));
  const second = await attemptFrom(subject, served, null, context);
  if (isReconciled(second.derivation)) return second;
  throw new RecordError('LEDGER_NOT_RECONCILED');
}

async function attemptFrom(
  subject: Subject,
  from: number,
  cursor: string | null,
  context: RouteContext,
): Promise<Attempt> {
  const { account, venue, keys, state } = subject;
  const visit = await visitVenue(account, keys, from, cursor, context);
  context.step('fetched');
  const known = await knownBefore(subject, visit, context);
  const replayed = state !== null && known.opening?.asOf !== state.checkpoint.asOf;
  const window = {
    from: known.opening?.asOf ?? statedTo(account, state),
    to: Math.min(subject.wantedTo, finalUntil(venue.capabilities, visit.collected.anchor.asOf)),
  };
  if (window.to <= statedTo(account, state)) throw new RecordError('VENUE_STALE');
  const derivation = await deriveHours(account, venue, known, visit.collected, window, context);
  return { visit, derivation, replayed };
}

/**
 * The last signed hour's closing and the entries since; or the whole journal, when an entry came
 * late.
 */
async function knownBefore(
  subject: Subject,
  visit: Visit,
  context: RouteContext,
): Promise<Journal> {
  const { keys, state } = subject;
  if (state === null) return journalOf([]);
  const recentIds = new Set(state.recent.map((entry) => entry.id));
  const late = visit.collected.entries.some(
    (entry) => entry.at < state.checkpoint.asOf && !recentIds.has(entry.id),
  );
  if (late) {
    const segments = await loadSegments(context.db, keys.accountId);
    return openJournal(keys, segments, state.nextSequence);
  }
  return {
    ...journalOf([]),
    opening: state.checkpoint,
    entries: state.recent,
    instruments: state.instruments,
  };
}

/** Where the next hour to state begins. */
function statedTo(account: Account, state: AccountState | null): number {
  return state?.checkpoint.asOf ?? startOfHour(account.historyFrom);
}

function isReconciled(derivation: Derivation): boolean {
  return derivation.report.hours.every((hour) => hour.status !== 'quarantined');
}

function nextState(
  subject: Subject,
  attempt: Attempt,
  head: string,
  statedCount: number,
): AccountState {
  const { state, venue } = subject;
  const { visit, derivation } = attempt;
  const { closing } = derivation.report;
  const { anchor, cursor, instruments } = visit.collected;
  const keepFrom = Math.min(closing.asOf, anchor.asOf - venue.capabilities.finalityLagMs);
  return {
    version: state === null ? 1 : state.version + 1,
    checkpoint: closing,
    coveredTo: anchor.asOf,
    cursor,
    recent: derivation.entries.filter((entry) => entry.at >= keepFrom),
    instruments: new Map([...(state?.instruments ?? []), ...instruments]),
    nextSequence: (state?.nextSequence ?? 1) + derivation.fresh.length,
    statementCount: (state === null ? 0 : state.statementCount) + statedCount,
    head,
    paper: visit.identity.paper,
    permissions: visit.identity.permissions,
  };
}

function lastHourOf(state: AccountState): number | null {
  return state.statementCount === 0 ? null : state.checkpoint.asOf - HOUR_MS;
}
