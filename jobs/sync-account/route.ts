// The one route of the record: brings an account's hours up to the wanted one. Manual, scheduled
// and backfill work differ only in the window. The job itself is untrusted: running it twice, late
// or out of order changes nothing that is already stated.

import { RecordError } from '@track-record/errors';
import { loadSegments, type Account } from '@track-record/store';
import type { AccountState } from '../account-state.ts';
import { visitVenue, type Visit } from '../collect.ts';
import { commitHours } from '../commit-hours.ts';
import { settleUnchanged, type RouteContext } from '../context.ts';
import { deriveHours, type Derivation } from '../derive-hours.ts';
import { finalUntil, HOUR_MS, servedFrom, startOfHour } from '../hour.ts';
import { emptyJournal, openJournal, type Journal } from '../journal.ts';
import { withSubject, type Subject } from '../subject.ts';
import type { SyncAccountPayload } from './queue.ts';

interface Attempt {
  readonly visit: Visit;
  readonly derivation: Derivation;
}

export async function syncAccount(
  payload: SyncAccountPayload,
  context: RouteContext,
): Promise<void> {
  await withSubject(payload.accountId, context, async (subject) => {
    const { account, venue, state } = subject;
    // An hour that was asked for before it is final comes with a later job.
    const final = finalUntil(venue.capabilities, context.now());
    const wantedTo = Math.min(payload.hour + HOUR_MS, final);
    if (wantedTo <= statedTo(account, state)) return await settleUnchanged(context);
    const { visit, derivation } = await reconciledAttempt(subject, wantedTo, context);
    const { closing } = derivation.report;
    const { anchor, cursor, instruments } = visit.collected;
    const keepFrom = Math.min(closing.asOf, anchor.asOf - venue.capabilities.finalityLagMs);
    const remembered = {
      coveredTo: anchor.asOf,
      cursor,
      recent: derivation.entries.filter((entry) => entry.at >= keepFrom),
      instruments: new Map([...(state?.instruments ?? []), ...instruments]),
      paper: visit.identity.paper,
      permissions: visit.identity.permissions,
    };
    await commitHours(subject, derivation, remembered, context);
  });
}

/**
 * Asks for what is new and derives the hours. When opening plus entries does not meet the venue's
 * balances, asks once more for everything the venue still serves: a row may have appeared late, or
 * in a market this account had never traded before. LEDGER_NOT_RECONCILED when that does not
 * explain the difference either.
 */
async function reconciledAttempt(
  subject: Subject,
  wantedTo: number,
  context: RouteContext,
): Promise<Attempt> {
  const { account, state, venue } = subject;
  const earliest = startOfHour(account.historyFrom);
  const recent = state === null ? earliest : state.coveredTo - venue.capabilities.finalityLagMs;
  const first = await attemptFrom(subject, recent, state?.cursor ?? null, wantedTo, context);
  if (isReconciled(first.derivation)) return first;
  if (state === null) throw new RecordError('LEDGER_NOT_RECONCILED');
  const served = Math.max(earliest, servedFrom(venue.capabilities, context.now()));
  const second = await attemptFrom(subject, served, null, wantedTo, context);
  if (isReconciled(second.derivation)) return second;
  throw new RecordError('LEDGER_NOT_RECONCILED');
}

async function attemptFrom(
  subject: Subject,
  from: number,
  cursor: string | null,
  wantedTo: number,
  context: RouteContext,
): Promise<Attempt> {
  const { account, venue, state } = subject;
  const visit = await visitVenue(subject, from, cursor, context);
  context.step('fetched');
  const known = await knownBefore(subject, visit, context);
  const window = {
    from: known.opening?.asOf ?? statedTo(account, state),
    to: Math.min(wantedTo, finalUntil(venue.capabilities, visit.collected.anchor.asOf)),
  };
  if (window.to <= statedTo(account, state)) throw new RecordError('VENUE_STALE');
  const derivation = await deriveHours(subject, known, visit.collected, window, context);
  return { visit, derivation };
}

/**
 * The last signed hour's closing and the entries since; or the whole journal, when an entry came
 * late.
 */
async function knownBefore(
  { keys, state }: Subject,
  visit: Visit,
  context: RouteContext,
): Promise<Journal> {
  if (state === null) return emptyJournal;
  const { checkpoint, recent, instruments } = state;
  const recentIds = new Set(recent.map((entry) => entry.id));
  const late = visit.collected.entries.some(
    (entry) => entry.at < checkpoint.asOf && !recentIds.has(entry.id),
  );
  if (!late) return { ...emptyJournal, opening: checkpoint, entries: recent, instruments };
  const segments = await loadSegments(context.db, keys.accountId);
  return openJournal(keys, segments, state.nextSequence);
}

/** Where the next hour to state begins. */
function statedTo(account: Account, state: AccountState | null): number {
  return state?.checkpoint.asOf ?? startOfHour(account.historyFrom);
}

function isReconciled(derivation: Derivation): boolean {
  return derivation.report.hours.every((hour) => hour.status !== 'quarantined');
}
