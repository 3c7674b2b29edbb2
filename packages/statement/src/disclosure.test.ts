// Known answers are rows of hours as a person writes them: return, fills, and what is told there.

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  add,
  formatDecimal,
  multiply,
  ONE,
  parseDecimal,
  round,
  subtract,
} from '@track-record/ledger';
import { verifyChain } from './chain.ts';
import {
  disclosureOf,
  MERGED,
  NO_RUN,
  publicReturn,
  releaseAt,
  tellHour,
  toldAtOf,
  type Disclosure,
  type RunHour,
} from './disclosure.ts';
import { signingKeyFromSeed } from './signing-key.ts';
import {
  formatHour,
  NO_PREVIOUS,
  signStatement,
  type SignedStatement,
  type StatementBody,
} from './statement.ts';

const HOUR_MS = 3_600_000;
const START = Date.parse('2026-01-05T00:00:00Z');
const key = await signingKeyFromSeed(new Uint8Array(32).fill(9));

const usual = disclosureOf({ grid: null, delayHours: null, thin: null });
const daily = disclosureOf({ grid: 'day', delayHours: 24, thin: null });
const atOnce = disclosureOf({ grid: 'hour', delayHours: 0, thin: 'told' });

/** `return fills`, one line per hour; a dash where nothing was measured. */
function hoursOf(text: string, first = 0): RunHour[] {
  const lines = text.trim().split('\n');
  return lines.map((line, index) => {
    const [figure = '', fills = ''] = line.trim().split(/ +/);
    const hour = START + (first + index) * HOUR_MS;
    return { hour, return: figure === '-' ? null : parseDecimal(figure), fills: Number(fills) };
  });
}

/** What is told at each hour: `return/spans`, or a dash. */
function toldOf(hours: readonly RunHour[], disclosure: Disclosure): string[] {
  let run = NO_RUN;
  return hours.map((hour) => {
    const told = tellHour(run, hour, disclosure);
    run = told.run;
    return told.return === null ? '-' : `${told.return}/${told.spans}`;
  });
}

type Body = Pick<StatementBody, 'return' | 'reason' | 'spans'>;

/** What the statements of these hours say, when `earlier` are to be corrected. */
function bodiesOf(
  hours: readonly RunHour[],
  disclosure: Disclosure,
  earlier: readonly Body[] = [],
): Body[] {
  const toldAt = toldAtOf(
    earlier.map((body, index) => ({ ...body, hour: formatHour(START + index * HOUR_MS) })),
  );
  let run = NO_RUN;
  return hours.map((hour, index) => {
    const before = earlier[index];
    const known = before && { ...before, toldAt: toldAt.get(hour.hour) ?? null };
    const told = tellHour(run, hour, disclosure, known);
    run = told.run;
    const ownReason = hour.return === null ? 'unpriced' : null;
    return { ...told, reason: ownReason ?? (told.return === null ? MERGED : null) };
  });
}

async function sign(
  bodies: readonly (Body & { readonly at: number; readonly restates: string | null })[],
  disclosure: Disclosure,
  before: readonly SignedStatement[] = [],
): Promise<readonly SignedStatement[]> {
  const signed = [...before];
  for (const { return: told, reason, spans, at, restates } of bodies) {
    const sequence = signed.length;
    const isMeasured = reason === null || reason === MERGED;
    const body: StatementBody = {
      format: 'track-record-statement/2',
      account: 'ab'.repeat(16),
      venue: 'binance',
      paper: false,
      hour: formatHour(START + at * HOUR_MS),
      since: formatHour(START),
      sequence,
      status: isMeasured ? 'measured' : 'unpriced',
      reason,
      return: told,
      spans,
      coverage: '1',
      residual: 'none',
      provenance: 'observed',
      permissions: { read: true, trade: false, withdraw: false, ipRestricted: null },
      method: 'twr-cut-at-flows/1',
      reportingCurrency: 'USDT',
      disclosure,
      owner: { pseudonym: 'ee'.repeat(16), connected: 1, ended: 0, ordinal: 1, restarts: 0 },
      salt: '5a'.repeat(16),
      observedAt: '2026-02-01T00:00:00.000Z',
      restates,
      previous: signed.at(-1)?.hash ?? NO_PREVIOUS,
      keyId: key.keyId,
    };
    signed.push(await signStatement(body, key));
  }
  return signed;
}

describe('accepts', () => {
  const quiet = '0.01 0\n0.02 0';
  const traded = '0.01 5\n0.02 3';
  const thin = '0.01 1\n0.01 0\n0.01 9\n0.02 0';
  const rows: readonly (readonly [string, string, Disclosure, readonly string[]])[] = [
    ['hours without a fill', quiet, usual, ['0.010000/1', '0.020000/1']],
    ['hours with enough', traded, usual, ['0.010000/1', '0.020000/1']],
    ['a fill, until there are ten', thin, usual, ['-', '-', '0.030301/3', '0.020000/1']],
    ['the same, when thin hours are told', '0.01 1\n0.01 2', atOnce, ['0.010000/1', '0.010000/1']],
    ['a fill, and the venue is away', '0.01 1\n- 0\n0.01 9', usual, ['-', '-', '0.020100/3']],
    ['what ends while nothing is measured', '0.01 1\n- 9', usual, ['-', '0.010000/2']],
    ['nothing measured', '- 0\n- 1', usual, ['-', '-']],
    ['six digits, half to even', '0.0000005 0\n0.0000015 0', usual, ['0.000000/1', '0.000002/1']],
    ['a small loss', '-0.0000004 0', usual, ['0.000000/1']],
  ];
  it.each(rows)('%s', (_name, hours, disclosure, told) => {
    expect(toldOf(hoursOf(hours), disclosure)).toEqual(told);
  });

  it('a day, at its last hour', () => {
    const told = toldOf(hoursOf('0.01 0\n0.01 40\n0.05 0', 22), daily);
    expect(told).toEqual(['-', '0.020100/2', '-']);
  });

  it('one fill and a quiet day after it: a run of twenty-four hours', () => {
    const told = toldOf(hoursOf(`0.01 1${'\n0 0'.repeat(30)}`), usual);
    expect(told.indexOf('0.010000/24')).toBe(23);
    expect(told.slice(24)).toEqual(Array.from({ length: 7 }, () => '0.000000/1'));
  });

  it.each([
    [0, '2026-01-05T15:00:00.000Z'],
    [1, '2026-01-06T01:00:00.000Z'],
    [24, '2026-01-07T00:00:00.000Z'],
    [720, '2026-02-05T00:00:00.000Z'],
  ])('the hour of two, %d hours after its day', (delayHours, at) => {
    const disclosure = { ...usual, delayHours };
    const due = releaseAt({ hour: '2026-01-05T14:00:00Z', disclosure });
    expect(new Date(due).toISOString()).toBe(at);
  });

  it('four digits of six', () => {
    const shown = ['0.000050', '0.000150', '-0.000051', '1.000000'].map(publicReturn);
    expect(shown).toEqual(['0.0000', '0.0002', '-0.0001', '1.0000']);
    expect(publicReturn(null)).toBeNull();
  });
});

describe('holds', () => {
  it('a run can be read again after each of its hours, as an hourly return has 18 digits', () => {
    let run = NO_RUN;
    for (const hour of hoursOf('0.000123456789012345 1\n'.repeat(23))) {
      ({ run } = tellHour(run, hour, daily));
      expect(parseDecimal(formatDecimal(run.growth))).toEqual(run.growth);
    }
  });

  const figure = fc.option(fc.integer({ min: -900_000, max: 900_000 }), { freq: 5, nil: null });
  const hour = fc.record({ return: figure, fills: fc.integer({ min: 0, max: 4 }) });
  const policy = fc.constantFrom(usual, daily, atOnce);
  const hours = (given: readonly { return: number | null; fills: number }[]): RunHour[] =>
    given.map((each, index) => ({
      hour: START + index * HOUR_MS,
      return: each.return === null ? null : { mantissa: BigInt(each.return), scale: 7 },
      fills: each.fills,
    }));

  it('every run and its corrections verify, at every length of the chain', async () => {
    const record = fc.array(fc.tuple(hour, hour, hour), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(policy, record, async (disclosure, found) => {
        const at = (index: 0 | 1 | 2): RunHour[] => hours(found.map((each) => each[index]));
        let told = bodiesOf(at(0), disclosure);
        const stated = told.map((body, place) => ({ ...body, at: place, restates: null }));
        let signed = await sign(stated, disclosure);
        const latest = [...signed];
        const lengths = [signed.length];
        for (const index of [1, 2] as const) {
          const next = bodiesOf(at(index), disclosure, told);
          const changed = next.flatMap((body, place) => {
            const was = told[place];
            const restates = latest[place]?.hash ?? null;
            const isSame = was?.return === body.return && was.reason === body.reason;
            return isSame ? [] : [{ ...body, at: place, restates }];
          });
          const first = signed.length;
          signed = await sign(changed, disclosure, signed);
          for (const [offset, { at: place }] of changed.entries()) {
            const correction = signed[first + offset];
            if (correction !== undefined) latest[place] = correction;
          }
          lengths.push(Math.min(first + 1, signed.length), signed.length);
          told = next;
        }
        for (const length of new Set(lengths)) {
          const chain = await verifyChain(signed.slice(0, length), key.publicKey);
          expect(chain.hours).toHaveLength(found.length);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('hours that were told as one are not told apart by a correction', () => {
    const first = hoursOf('0 1\n- 1\n- 2\n- 3\n- 3');
    const told = bodiesOf(first, usual);
    expect(told.map(({ return: figure, spans }) => `${figure}/${spans}`).at(-1)).toBe('0.000000/5');
    const later = bodiesOf(hoursOf('- 1\n0 0\n- 0\n- 0\n0 0'), usual, told);
    expect(later.map((body) => body.return)).toEqual([null, null, null, null, '0.000000']);
    const none = bodiesOf(hoursOf('- 0\n- 0\n- 0\n- 0\n- 0'), usual, told);
    expect(none.map((body) => body.return)).toEqual([null, null, null, null, null]);
  });

  it('nothing is blanked: what is told and what is still open make up the whole', () => {
    fc.assert(
      fc.property(policy, fc.array(hour, { maxLength: 40 }), (disclosure, given) => {
        let run = NO_RUN;
        let told = ONE;
        let whole = ONE;
        for (const each of hours(given)) {
          if (each.return !== null) whole = multiply(whole, add(ONE, each.return));
          const { return: text, run: next } = tellHour(run, each, disclosure);
          if (text !== null) told = multiply(told, add(ONE, parseDecimal(text)));
          run = next;
        }
        const difference = subtract(multiply(told, run.growth), whole);
        // Half a millionth for each figure, on what it is compounded with.
        expect(Math.abs(Number(formatDecimal(round(difference, 6))))).toBeLessThan(0.01);
      }),
    );
  });
});
