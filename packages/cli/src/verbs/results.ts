// `track-record results`: the released returns of an account, as the enclave's door tells them over
// a connection to the key that its evidence binds. Whoever keeps them takes `statement export`,
// which others can check.

import type { Enclave } from '@track-record/gateway';
import { instant } from '../input.ts';
import { minuteOf, tableOf, type Column } from '../operator/table.ts';
import { instantOf } from '../remote/account-status.ts';
import { AS_CLIENT, ownerOptions, requiredUuid, withEnclave } from '../remote/enclave-session.ts';
import { UsageError, type Verb, type VerbInput, type VerbOutput } from '../verb.ts';

/** The door takes no instant beyond the year 9999. */
const LAST_INSTANT = Date.UTC(9999, 0, 1);

/** One period with its return, or the reason for none. */
interface Result {
  readonly start: string | null;
  readonly return: string | null;
  readonly reason: string | null;
  /** Of an hour. */
  readonly status?: string;
  readonly coverage?: string;
  readonly provenance?: string;
  readonly sequence?: number;
  /** Of a longer period: how many went in. */
  readonly hours?: number;
}

type Read = (
  enclave: Enclave,
  accountId: string,
  window: { readonly fromMs: number; readonly toMs: number },
) => Promise<readonly Result[]>;

const readers: Readonly<Record<string, Read>> = {
  hour: async (enclave, accountId, window) => {
    const results: Result[] = [];
    for await (const hour of enclave.results(accountId, window)) {
      const { hourMs, hourlyReturn, status, reason, coverage, provenance, sequence } = hour;
      const more = { coverage, provenance, sequence };
      results.push({ start: instantOf(hourMs), status, return: hourlyReturn, reason, ...more });
    }
    return results;
  },
  day: async ({ rpc }, accountId, { fromMs, toMs }) => {
    const results: Result[] = [];
    for await (const day of rpc.dailyReturns(accountId, fromMs, toMs)) results.push(periodOf(day));
    return results;
  },
  month: async ({ rpc }, accountId) => (await rpc.monthlyTable(accountId)).months.map(periodOf),
  year: async ({ rpc }, accountId) => (await rpc.monthlyTable(accountId)).years.map(periodOf),
};

export const results: Verb = {
  name: 'results',
  summary: "Ask an enclave for an account's released returns, by hour, day, month or year.",
  example: `results --account 00000000-0000-4000-8000-000000000001 --by day ${AS_CLIENT}`,
  options: {
    ...ownerOptions,
    from: { type: 'string' },
    to: { type: 'string' },
    by: { type: 'string', default: 'hour' },
  },
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  const { options } = input;
  const account = requiredUuid(options, 'account');
  const by = String(options['by']);
  const read = readers[by];
  if (read === undefined) {
    throw new UsageError(`--by is one of ${Object.keys(readers).join(' ')}.`);
  }
  const window = {
    fromMs: instant(options, 'from', 0),
    toMs: instant(options, 'to', LAST_INSTANT),
  };
  const found = await withEnclave(input, (enclave) => read(enclave, account, window));
  return { document: { account, by, results: found }, text: tableOf(COLUMNS, found, 'None.') };
}

const COLUMNS: readonly Column<Result>[] = [
  { title: 'start', of: ({ start }) => minuteOf(start) },
  { title: 'return', of: (result) => percentOf(result.return), right: true },
  { title: 'hours', of: ({ hours }) => String(hours ?? ''), right: true },
  { title: 'coverage', of: ({ coverage }) => coverage ?? '', right: true },
  { title: 'provenance', of: ({ provenance }) => provenance ?? '' },
  { title: 'why not', of: ({ reason }) => reason ?? '' },
];

function periodOf(period: {
  readonly startMs: number;
  readonly hours: number;
  readonly periodReturn: string | null;
  readonly reason: string | null;
}): Result {
  const { startMs, hours, periodReturn, reason } = period;
  return { start: instantOf(startMs), hours, return: periodReturn, reason };
}

/** Four decimals of a per cent, by moving the point: the digits themselves are in `--json`. */
function percentOf(ratio: string | null): string | null {
  if (ratio === null) return null;
  const [, sign = '', whole = '', decimals = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(ratio) ?? [];
  const padded = decimals.padEnd(6, '0');
  const moved = `${whole}${padded.slice(0, 2)}`.replace(/^0+(?=\d)/, '');
  return `${sign}${moved}.${padded.slice(2, 6)} %`;
}
