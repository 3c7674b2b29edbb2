// `track-record metrics`: figures of a list of returns on stdin. Without further options it prints
// the documented keys and nothing else; each table beyond them is asked for by its own option. The
// list is untrusted.

import { readFile } from 'node:fs/promises';
import { RecordError } from '@track-record/errors';
import { compare, ONE, parseDecimal, ZERO, type Decimal } from '@track-record/ledger';
import {
  benchmarkTable,
  bootstrap,
  computeMetrics,
  decimalOf,
  deviationsOf,
  drawdowns,
  extendedTable,
  type Figure,
  type Figures,
  formatFigures,
  formatFixed,
  linkByCalendar,
  ofWealth,
  type LinkedReturn,
  parsePeriodsPerYear,
  parseReturns,
  rollingFigures,
  type Series,
  seriesOf,
  sharpe,
  significanceTable,
  timedReturns,
  totalReturn,
  TRIALS_MAX,
  wealthOf,
} from '@track-record/returns/metrics';
import { DateTime } from 'luxon';
import { UsageError, type Verb, type VerbInput } from '../verb.ts';

/** A hundred years of hours at 64 characters each. */
const INPUT_BYTES_MAX = 64 * 1024 * 1024;
const WINDOW_MAX = 100_000n;
const SAMPLES_MAX = 100_000n;
const SEED_MAX = 0xffff_ffffn;
/** One sample in 40 at each end: a 95 % interval. */
const INTERVAL_TAIL = 40;
const STEPS_MS = new Map([
  ['hour', 3_600_000],
  ['day', 86_400_000],
]);
const DAYS_PER_YEAR = parseDecimal('365');

type Options = VerbInput['options'];
type Json = Readonly<Record<string, unknown>>;

interface Question {
  readonly returns: Series;
  readonly year: Decimal;
  readonly mars: Readonly<Record<string, Decimal>>;
  readonly options: Options;
}

export const metrics: Verb = {
  name: 'metrics',
  summary: 'Figures of a list of returns on stdin: return, volatility, Sharpe, drawdown, tails …',
  example: 'metrics --periods-per-year 8760 --json < returns.json',
  options: {
    'periods-per-year': { type: 'string' },
    mar: { type: 'string' },
    cutoff: { type: 'string' },
    tables: { type: 'boolean' },
    trials: { type: 'string' },
    window: { type: 'string' },
    from: { type: 'string' },
    step: { type: 'string' },
    bootstrap: { type: 'string' },
    seed: { type: 'string' },
    benchmark: { type: 'string' },
  },
  run: async ({ options, stdin }) => {
    const question = parseQuestion(await readAll(stdin), options);
    const { returns, year, mars } = question;
    const cutoffs = named(options, 'cutoff');
    if (Object.values(cutoffs).some(isNoShare)) throw new UsageError('--cutoff is 0 to 1');
    const figures = computeMetrics({ returns, periodsPerYear: year, mars, cutoffs });
    const asked = {
      ...(options['tables'] === true ? tables(question) : {}),
      ...(options['window'] === undefined ? {} : rolling(question)),
      ...(options['from'] === undefined ? {} : calendar(question)),
      ...(options['bootstrap'] === undefined ? {} : intervals(question)),
      ...(options['benchmark'] === undefined ? {} : await beside(question)),
    };
    const more = Object.keys(asked).length === 0 ? '' : `${JSON.stringify(asked, null, 2)}\n`;
    return { document: { ...flat(figures), ...asked }, text: textOf(figures) + more };
  },
};

function parseQuestion(text: string, options: Options): Question {
  const document = parseDocument(text, 'input', ['periods_per_year', 'returns']);
  const flag = options['periods-per-year'];
  const stated = document['periods_per_year'];
  const fromFlag =
    flag === undefined
      ? null
      : understood('periods-per-year', () => parsePeriodsPerYear(flag, 'flag'));
  // What the input states must be well-formed even where the option overrides it.
  const fromInput =
    fromFlag !== null && stated === undefined
      ? fromFlag
      : parsePeriodsPerYear(stated, 'input.periods_per_year');
  return {
    returns: parseReturns(document['returns'], 'input.returns'),
    year: fromFlag ?? fromInput,
    mars: named(options, 'mar'),
    options,
  };
}

/**
 * The linked path, its drawdowns, the figures under further definitions, and what of Sharpe may be
 * luck.
 */
function tables({ returns, year, mars, options }: Question): Json {
  const wealth = wealthOf(returns);
  const falls = typeof wealth === 'string' ? null : drawdowns(wealth.path);
  const trials = wholeOption(options, 'trials', TRIALS_MAX) ?? 1n;
  const zeroAndMars = { '0': ZERO, ...mars };
  return {
    wealth: typeof wealth === 'string' ? null : wealth.path.map(formatFixed),
    drawdowns: falls?.map((fall) => ({ ...fall, depth: formatFixed(fall.depth) })) ?? null,
    extended: flat(formatFigures(returns.values.length, extendedTable(returns, year, zeroAndMars))),
    significance: flat(formatFigures(returns.values.length, significanceTable(returns, trials))),
  };
}

function rolling({ returns, year, options }: Question): Json {
  const size = wholeOption(options, 'window', WINDOW_MAX) ?? 1n;
  return { rolling: rollingFigures(returns, Number(size), year).map(flat) };
}

/** Linked returns per UTC day, ISO week, month and year, and the figures of the days. */
function calendar({ returns, mars, options }: Question): Json {
  const fromMs = understood('from', () => instantOf(options['from']));
  const stepMs = STEPS_MS.get(String(options['step'] ?? 'hour'));
  if (stepMs === undefined) throw new UsageError('--step is hour or day');
  const timed = timedReturns(returns, fromMs, stepMs);
  const days = linkByCalendar(timed, 'day');
  const values = days.map(({ value }) => value).filter((value) => typeof value === 'bigint');
  const linked = { returns: seriesOf(values.map(decimalOf)), periodsPerYear: DAYS_PER_YEAR, mars };
  return {
    days: days.map(linkedRow),
    weeks: linkByCalendar(timed, 'iso_week').map(linkedRow),
    months: linkByCalendar(timed, 'month').map(linkedRow),
    years: linkByCalendar(timed, 'year').map(linkedRow),
    daily: values.length === days.length ? flat(computeMetrics(linked)) : null,
  };
}

function linkedRow({ key, periods, value }: LinkedReturn): Json {
  const defined = typeof value === 'bigint';
  return {
    key,
    periods,
    return: defined ? formatFixed(value) : null,
    reason: defined ? null : value,
  };
}

/** 95 % intervals from the samples that a seed fixes. */
function intervals({ returns, year, options }: Question): Json {
  const samples = Number(wholeOption(options, 'bootstrap', SAMPLES_MAX) ?? 1n);
  const seed = Number(wholeOption(options, 'seed', SEED_MAX) ?? 1n);
  const plan = { samples, seed, tail: INTERVAL_TAIL };
  const interval = (figure: (sample: Series) => Figure): Json => {
    const { low, high, samples: defined } = bootstrap(returns, figure, plan);
    return {
      ...flat(formatFigures(returns.values.length, { low: () => low, high: () => high })),
      defined,
    };
  };
  return {
    bootstrap: {
      total_return: interval((sample) => ofWealth(wealthOf(sample), totalReturn)),
      sharpe_annual: interval((sample) => sharpe(deviationsOf(sample), year)),
    },
  };
}

async function beside({ returns, year, options }: Question): Promise<Json> {
  const file = await readFile(String(options['benchmark']), 'utf8').catch((cause: unknown) => {
    throw new UsageError('--benchmark is not a readable file', { cause });
  });
  const document = parseDocument(file, 'benchmark', ['returns']);
  const benchmark = parseReturns(document['returns'], 'benchmark.returns');
  if (benchmark.values.length !== returns.values.length) throw malformed('benchmark.returns');
  return {
    benchmark: flat(formatFigures(returns.values.length, benchmarkTable(returns, benchmark, year))),
  };
}

function flat({ values, reasons }: Figures): Json {
  return { ...values, reasons };
}

function textOf({ values, reasons }: Figures): string {
  const width = Math.max(...Object.keys(values).map((key) => key.length));
  const lines = Object.entries(values).map(
    ([key, value]) => `${key.padEnd(width)}  ${value ?? `undefined: ${reasons[key]}`}\n`,
  );
  return lines.join('');
}

/** An object with no other keys than these. */
function parseDocument(text: string, place: string, keys: readonly string[]): Json {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new RecordError('RETURNS_INPUT_MALFORMED', { place, cause });
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw malformed(place);
  }
  if (Object.keys(document).some((key) => !keys.includes(key))) throw malformed(place);
  return { ...document };
}

async function readAll(stdin: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > INPUT_BYTES_MAX) throw malformed('input');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * The decimal of an option under its own text, which names it in the keys; none when it is absent.
 */
function named(options: Options, name: string): Readonly<Record<string, Decimal>> {
  const text = options[name];
  if (typeof text !== 'string') return {};
  return { [text]: understood(name, () => parseDecimal(text)) };
}

function isNoShare(value: Decimal): boolean {
  return compare(value, ZERO) < 0 || compare(value, ONE) > 0;
}

/** A whole number from 1 to `most`; undefined when the option is absent. */
function wholeOption(options: Options, name: string, most: bigint): bigint | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const whole = /^[1-9][0-9]{0,15}$/.test(String(text)) ? BigInt(String(text)) : 0n;
  if (whole < 1n || whole > most) throw new UsageError(`--${name} is a whole number up to ${most}`);
  return whole;
}

function instantOf(text: unknown): number {
  const instant = DateTime.fromISO(String(text), { zone: 'utc' });
  if (!instant.isValid || !String(text).endsWith('Z')) throw malformed('from');
  return instant.toMillis();
}

/** What the user typed is not understood: bad usage, not a refused input. */
function understood<Value>(name: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (cause) {
    throw new UsageError(`--${name} is not understood`, { cause });
  }
}

function malformed(place: string): RecordError {
  return new RecordError('RETURNS_INPUT_MALFORMED', { place });
}
