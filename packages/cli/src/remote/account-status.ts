// Accounts as an enclave's door tells them: one document, one table, and a bar that fills.

import { codes } from '@track-record/errors';
import { remediationOf, type AccountStatus } from '@track-record/gateway';
import { fieldsOf, minuteOf, tableOf, type Column } from '../operator/table.ts';

const BAR_WIDTH = 30;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** States in which nothing comes before somebody acts. */
const STOPPED = new Set<AccountStatus['state']>(['refused', 'paused', 'quarantined', 'closed']);

/** Whether nothing is to be waited for. */
export function isSettled({ state, syncing, backfill }: AccountStatus): boolean {
  return STOPPED.has(state) || (state === 'active' && !syncing && backfill === null);
}

/** Whether somebody has to act. */
export function isStopped({ state }: AccountStatus): boolean {
  return STOPPED.has(state) && state !== 'closed';
}

export function statusDocument(account: AccountStatus): Readonly<Record<string, unknown>> {
  const { lastHourMs, code, ...rest } = account;
  return {
    ...rest,
    lastHour: instantOf(lastHourMs),
    code,
    remediation: code === null ? null : remediationOf(code),
  };
}

export function statusText(accounts: readonly AccountStatus[]): string {
  const columns: readonly Column<AccountStatus>[] = [
    { title: 'account', of: ({ accountId }) => accountId },
    { title: 'state', of: ({ state, syncing }) => (syncing ? `${state}, syncing` : state) },
    { title: 'last hour', of: ({ lastHourMs }) => minuteOf(instantOf(lastHourMs)) },
    { title: 'missing', of: ({ hoursMissing }) => String(hoursMissing), right: true },
    { title: 'done', of: ({ backfill }) => percentOf(backfill), right: true },
    { title: 'queue', of: ({ queuePosition }) => String(queuePosition ?? ''), right: true },
    { title: 'coverage', of: ({ coverage }) => coverage ?? '', right: true },
    { title: 'code', of: ({ code }) => code ?? '' },
  ];
  const told = new Set(accounts.flatMap(({ code }) => code ?? []));
  const meanings = [...told].map((code): [string, string] => [
    code,
    `${codes[code].message}\n  ${remediationOf(code)}`,
  ]);
  const table = tableOf(columns, accounts, 'No such account.');
  return meanings.length === 0 ? table : `${table}\n${fieldsOf(Object.fromEntries(meanings))}`;
}

/** One line for a terminal; `startedAt` and `doneAtStart` say how fast it goes. */
export function progressLine(
  account: AccountStatus,
  since: { readonly hoursDone: number; readonly elapsedMs: number },
): string {
  const { accountId, state, code, backfill, queuePosition, lastHourMs, syncing } = account;
  const name = accountId.slice(0, 8);
  const last = minuteOf(instantOf(lastHourMs));
  const why = code === null ? '' : `, ${code}`;
  if (isStopped(account) || state === 'closed') return `${name}  ${state}${why}`;
  if (backfill !== null) {
    const { hoursDone, hoursTotal, percent } = backfill;
    const filled = Math.floor((percent * BAR_WIDTH) / 100);
    const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`;
    const left = timeLeft(hoursTotal - hoursDone, hoursDone - since.hoursDone, since.elapsedMs);
    const share = `${String(percent).padStart(3)} %`;
    return `${name}  ${bar} ${share}  ${hoursDone} of ${hoursTotal} hours${left}${why}`;
  }
  if (queuePosition !== null) return `${name}  waits, ${queuePosition} before it${why}`;
  if (state === 'connecting') return `${name}  connecting${why}`;
  return syncing
    ? `${name}  works on the hour after ${last ?? 'the beginning'}${why}`
    : `${name}  up to date, last hour ${last ?? 'none'}${why}`;
}

export function instantOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString().replace('.000Z', 'Z');
}

function percentOf(backfill: AccountStatus['backfill']): string {
  return backfill === null ? '' : `${backfill.percent} %`;
}

/** Nothing until something was done while we looked. */
function timeLeft(remaining: number, done: number, elapsedMs: number): string {
  if (done <= 0 || elapsedMs < SECOND_MS) return '';
  const ms = (remaining * elapsedMs) / done;
  if (ms < MINUTE_MS) return `, ${Math.ceil(ms / SECOND_MS)} s left`;
  return ms < 2 * HOUR_MS
    ? `, ${Math.ceil(ms / MINUTE_MS)} min left`
    : `, ${Math.ceil(ms / HOUR_MS)} h left`;
}
