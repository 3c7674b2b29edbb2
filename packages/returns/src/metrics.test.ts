import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { absolute, compare, multiply, parseDecimal, subtract } from '@track-record/ledger';
import fc from 'fast-check';
import {
  benchmarkTable,
  bootstrap,
  computeMetrics,
  deviationsOf,
  drawdowns,
  extendedTable,
  formatFigures,
  formatFixed,
  linkByCalendar,
  parsePeriodsPerYear,
  parseReturns,
  rollingFigures,
  sharpe,
  significanceTable,
  timedReturns,
  wealthOf,
  type Figure,
  type Figures,
  type Series,
} from './metrics.ts';

const DAYS = parseDecimal('365');
const ZERO_MAR = { '0': parseDecimal('0') };
const OWN = '0.012 -0.007 0.004 0.021 -0.015 0.003 0 0.009 -0.002 0.017';
const OTHER = '0.01 -0.004 0.001 0.018 -0.02 0.005 0.002 0.004 -0.006 0.011';

/**
 * Computed with mpmath 1.3.0 at 60 digits from the definitions, not from this code; 28 digits kept.
 */
const KNOWN = {
  total_return: '0.04224312694524510930712688',
  annual_return_geometric: '3.527619845904493169491890193',
  volatility_annual: '0.2094394635423059158502358806',
  sharpe_annual: '7.319537464773635002902104556',
  downside_deviation_annual_mar_0: '0.1007323185477233021680250834',
  sortino_annual_mar_0: '15.21855172303733342106853778',
  'downside_deviation_annual_mar_0.0005': '0.105164157392145732914598099',
  'sortino_annual_mar_0.0005': '12.84182780036103009188161605',
  max_drawdown: '-0.015',
  calmar: '235.1746563936328779661260128',
  omega_0: '2.75',
  profit_factor: '2.75',
  win_rate_nonzero: '0.6666666666666666666666666667',
  'var_0.05': '-0.0114',
  'cvar_0.05': '-0.015',
  'var_0.01': '-0.01428',
  'cvar_0.01': '-0.015',
  tail_ratio: '1.684210526315789473684210526',
  stability_r2: '0.5913178700538415046673982621',
  best: '0.021',
  worst: '-0.015',
  skew_population: '-0.1220627560309512972234865726',
};

const KNOWN_EXTENDED = {
  annual_return_arithmetic: '1.533',
  volatility_annual_population: '0.1986917210152451218633502758',
  mean_absolute_deviation: '0.00844',
  kurtosis_excess_population: '-0.7419763291726480165260320017',
  kurtosis_sample: '3.99186327521264011364147914',
  kurtosis_excess_sample: '-0.3474224390730741720728065744',
  sharpe_annual_geometric: '16.84314783012194058039911044',
  sharpe_annual_adjusted: '18.35315360864513992132816319',
  sharpe_annual_geometric_adjusted: '158.7949444076794928116590211',
  sterling_excess_10pct: '30.67495518177820147384252341',
  ulcer_index: '0.007808773379164785802075768348',
  pain_index: '0.005741850319',
  martin_ratio: '451.7508287942916171073364353',
  pain_ratio: '614.3698720657112220852182393',
  log_deviation_whole_period: '0.03454687006988219739163579129',
  log_semi_deviation_whole_period: '0.02475073212109560443368591292',
  'downside_potential_mar_0.0005': '0.0026',
  'downside_frequency_mar_0.0005': '0.4',
  'downside_deviation_of_losses_mar_0.0005': '0.008703447592764605140361220835',
  'upside_potential_mar_0.0005': '0.0063',
  'upside_frequency_mar_0.0005': '0.6',
  'upside_risk_mar_0.0005': '0.009568176419778222295777381509',
  'upside_variance_mar_0.0005': '0.00009155',
  'omega_mar_0.0005': '2.423076923076923076923076923',
  'omega_sharpe_mar_0.0005': '1.423076923076923076923076923',
  'd_ratio_mar_0.0005': '0.2751322751322751322751322751',
  'volatility_skewness_mar_0.0005': '3.021452145214521452145214521',
  'variability_skewness_mar_0.0005': '1.738232477321293595022958758',
};

const KNOWN_SIGNIFICANCE = {
  autocorrelation_lag1: '-0.4735946745562130177514792899',
  probabilistic_sharpe: '0.8642069201990575991944933339',
};

const KNOWN_DEFLATED: [bigint, string][] = [
  [1n, '0.8642069201990575991944933339'],
  [2n, '0.7189286429375953661992793093'],
  [100n, '0.07618849223566387297940361247'],
  [1_000_000_000_000n, '0.0000000009005388718429453452534167315'],
];

const KNOWN_BESIDE = {
  beta: '0.9928921813995394934427870658',
  correlation: '0.9541787888867060221541203767',
  alpha_period: '0.002114926419060967063770147162',
  alpha_annual: '0.7719481429572529782761037141',
  alpha_jensen_annual: '2.423883979728332666035851168',
  tracking_error_annual: '0.06268838276214607638514814104',
  information_ratio: '38.53955960961201810572336558',
  up_capture: '1.294117647058823529411764706',
  down_capture: '0.8',
};

function list(text: string): Series {
  return parseReturns(text === '' ? [] : text.split(' '), 'returns');
}

function figures(text: string, periodsPerYear = DAYS): Figures {
  return computeMetrics({ returns: list(text), periodsPerYear });
}

/** Equal to 24 digits. */
function expectKnown(actual: Figures, known: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(known)) {
    const wanted = parseDecimal(value);
    const off = absolute(subtract(parseDecimal(actual.values[key] ?? ''), wanted));
    const bound = multiply({ mantissa: 1n, scale: 24 }, absolute(wanted));
    expect([key, compare(off, bound) <= 0 ? value : actual.values[key]]).toEqual([key, value]);
  }
}

describe('accepts', () => {
  test('the documented figures', () => {
    const mars = { '0.0005': parseDecimal('0.0005') };
    const actual = computeMetrics({ returns: list(OWN), periodsPerYear: DAYS, mars });
    expect(Object.keys(actual.values).toSorted()).toEqual(Object.keys(KNOWN).toSorted());
    expectKnown(actual, KNOWN);
  });

  test('as many periods in a year as it has minutes, written either way', () => {
    expect(parsePeriodsPerYear(527_040, 'periods')).toEqual(parseDecimal('527040'));
    expect(parsePeriodsPerYear('365.25', 'periods')).toEqual(parseDecimal('365.25'));
  });

  test('a threshold with fewer digits than the returns, and with more', () => {
    const ones = parseDecimal('1');
    for (const mar of ['0.1', '0.10000']) {
      const mars = { [mar]: parseDecimal(mar) };
      const input = { returns: list('0.105 0.055'), periodsPerYear: ones, mars };
      // Excess 0.005 and -0.045: deviation 0.045 / sqrt 2, mean -0.02.
      expectKnown(computeMetrics(input), {
        [`downside_deviation_annual_mar_${mar}`]: '0.03181980515339463859803799630',
        [`sortino_annual_mar_${mar}`]: '-0.6285393610547089105785283219',
      });
    }
  });

  test('the figures under further definitions', () => {
    const table = extendedTable(list(OWN), DAYS, { '0.0005': parseDecimal('0.0005') });
    expect(Object.keys(table).toSorted()).toEqual(Object.keys(KNOWN_EXTENDED).toSorted());
    expectKnown(formatFigures(10, table), KNOWN_EXTENDED);
  });

  test('how much of the Sharpe ratio may be luck', () => {
    expectKnown(formatFigures(10, significanceTable(list(OWN), 1n)), KNOWN_SIGNIFICANCE);
  });

  test.each(KNOWN_DEFLATED)('the best of %s worthless records', (trials, expected) => {
    const actual = formatFigures(10, significanceTable(list(OWN), trials));
    expectKnown(actual, { deflated_sharpe: expected });
  });

  test('a benchmark', () => {
    expectKnown(formatFigures(10, benchmarkTable(list(OWN), list(OTHER), DAYS)), KNOWN_BESIDE);
  });

  test('drawdowns, deepest first, one of them still open', () => {
    const wealth = wealthOf(list('0.25 -0.2 0.25 -0.4 0.1 -0.5 0.1'));
    const found = typeof wealth === 'string' ? [] : drawdowns(wealth.path);
    expect(found.map((fall) => ({ ...fall, depth: formatFixed(fall.depth) }))).toEqual([
      { depth: '-0.67', start: 3, trough: 6, recovery: null },
      { depth: '-0.2', start: 1, trough: 2, recovery: 3 },
    ]);
  });

  test('equal drawdowns in the order of time, the first from the starting 1', () => {
    const wealth = wealthOf(list('-0.5 1 -0.5 1'));
    const found = typeof wealth === 'string' ? [] : drawdowns(wealth.path);
    expect(found.map((fall) => [fall.start, fall.trough, fall.recovery])).toEqual([
      [0, 1, 2],
      [2, 3, 4],
    ]);
  });

  test('a fall to nothing ends the record', () => {
    const actual = figures('0.5 -1 0.5').values;
    expect(actual).toMatchObject({ total_return: '-1', annual_return_geometric: '-1' });
    expect(actual).toMatchObject({ max_drawdown: '-1', calmar: '-1', best: '0.5' });
  });

  test('calendar periods in UTC, over a gap and before 1970', () => {
    const hour = 3_600_000;
    const timed = [
      { startMs: Date.UTC(2026, 0, 1), value: parseDecimal('0.5') },
      { startMs: Date.UTC(2025, 11, 31, 23), value: parseDecimal('0.1') },
      { startMs: -hour, value: parseDecimal('0.2') },
      { startMs: Date.UTC(2025, 11, 31, 22), value: parseDecimal('-0.1') },
    ];
    const rows = (unit: 'day' | 'iso_week' | 'month' | 'year') =>
      linkByCalendar(timed, unit).map(({ key, periods, value }) =>
        [key, periods, typeof value === 'bigint' ? formatFixed(value) : value].join(' '),
      );
    expect(rows('day')).toEqual(['1969-12-31 1 0.2', '2025-12-31 2 -0.01', '2026-01-01 1 0.5']);
    expect(rows('iso_week')).toEqual(['1969-12-29 1 0.2', '2025-12-29 3 0.485']);
    expect(rows('month')).toEqual(['1969-12 1 0.2', '2025-12 2 -0.01', '2026-01 1 0.5']);
    expect(rows('year')).toEqual(['1969 1 0.2', '2025 2 -0.01', '2026 1 0.5']);
  });

  test('a Monday is the first day of its week, a Sunday the last', () => {
    const days = timedReturns(list('0.1 0.2 0.3'), Date.UTC(2026, 0, 4), 86_400_000);
    expect(linkByCalendar(days, 'iso_week').map((week) => [week.key, week.periods])).toEqual([
      ['2025-12-29', 1],
      ['2026-01-05', 2],
    ]);
  });

  test('wealth of as much as a double holds, and no more', () => {
    const growth = Array<string>(3).fill('9'.repeat(100)).join(' ');
    expect(figures(growth).values['total_return']).toBe(`1${'0'.repeat(300)}`);
    expect(figures(`${growth} 0.01`).reasons['total_return']).toBe('too_large');
  });

  test('the trough is where the deepest fall is first reached', () => {
    const [fall] = drawdowns(
      [50n, 50n, 25n, 25n, 200n].map((percent) => (percent * 10n ** 50n) / 100n),
    );
    expect(fall).toMatchObject({ start: 0, trough: 3, recovery: 5 });
  });

  test('of twenty returns the worst, of twenty-one the worst two are a twentieth', () => {
    const returns = (count: number): string => `-0.3 -0.1${' 0'.repeat(count - 2)}`;
    const told = [20, 21].map((count) => figures(returns(count)).values['cvar_0.05']);
    expect(told).toEqual(['-0.3', '-0.2']);
  });

  test('tails of losses only', () => {
    expect(figures('-0.1 -0.2 -0.3').values['tail_ratio']).toMatch(/^0\.37931/);
  });

  test('blocks of two from eight returns on, and single ones of fewer', () => {
    const areNeighbours = (count: number): boolean => {
      const values = Array.from({ length: count }, (_, index) => BigInt(index));
      let alike = true;
      const figure = ({ values: drawn }: Series): bigint => {
        for (let index = 0; index + 1 < count; index += 2) {
          alike &&= drawn[index + 1] === ((drawn[index] ?? 0n) + 1n) % BigInt(count);
        }
        return 1n;
      };
      bootstrap({ values, unit: 1n }, figure, { samples: 20, seed: 1, tail: 40 });
      return alike;
    };
    expect([7, 8, 26].map(areNeighbours)).toEqual([false, true, true]);
    const one = bootstrap(list('0.1'), () => 5n, { samples: 3, seed: 1, tail: 40 });
    expect(one).toEqual({ low: 5n, high: 5n, samples: 3 });
  });

  test('rolling windows', () => {
    const windows = rollingFigures(list('0.1 -0.1 0.2'), 2, DAYS);
    expect(windows.map(({ values }) => values['total_return'])).toEqual(['-0.01', '0.08']);
    expect(windows.map(({ values }) => values['max_drawdown'])).toEqual(['-0.1', '-0.1']);
    expect(rollingFigures(list('0.1'), 2, DAYS)).toEqual([]);
  });

  test('a bootstrap interval around the figure, the same for a seed', () => {
    const plan = { samples: 200, seed: 7, tail: 40 };
    const figure = (sample: Series) => sharpe(deviationsOf(sample), DAYS);
    const interval = bootstrap(list(OWN), figure, plan);
    expect(bootstrap(list(OWN), figure, plan)).toEqual(interval);
    expect(bootstrap(list(OWN), figure, { ...plan, seed: 8 })).not.toEqual(interval);
    expect(bootstrap(list(OWN), figure, { ...plan, seed: 8 })).not.toEqual(
      bootstrap(list(OWN), figure, { ...plan, seed: 9 }),
    );
    expect(interval.samples).toBe(200);
    // The draw must not differ between machines or versions: recorded when this was written.
    const ends = [interval.low, interval.high].map((end) => decimalOrReason(end));
    expect(ends).toEqual(['-2.40554571093937815007507190524', '19.5329086258028085606803675959']);
  });
});

describe('accepts, the fewest returns', () => {
  test.each([
    'volatility_annual',
    'sharpe_annual',
    'sortino_annual_mar_0',
    'omega_0',
    'stability_r2',
    'skew_population',
  ])('two are enough for %s', (key) => {
    expect(figures('-0.1 0.3').reasons[key]).toBeUndefined();
  });

  test('and for the deviation of logarithms', () => {
    const { reasons } = formatFigures(2, extendedTable(list('-0.1 0.3'), DAYS, ZERO_MAR));
    expect(reasons['log_deviation_whole_period']).toBeUndefined();
  });
});

describe('refuses', () => {
  const undefinedRows: [string, string, string, string][] = [
    ['no returns', '', 'total_return', 'no_returns'],
    ['one return', '0.1', 'volatility_annual', 'n<2'],
    ['one return', '0.1', 'sharpe_annual', 'n<2'],
    ['one return', '0.1', 'sortino_annual_mar_0', 'n<2'],
    ['one return', '-0.1', 'omega_0', 'n<2'],
    ['one return', '0.1', 'stability_r2', 'n<2'],
    ['one return', '0.1', 'skew_population', 'n<2'],
    ['a constant that no double holds', '0.1 0.1 0.1', 'sharpe_annual', 'zero_variance'],
    ['a constant', '0.1 0.1 0.1', 'skew_population', 'zero_variance'],
    ['no losses', '0.1 0.2', 'sortino_annual_mar_0', 'no_losses'],
    ['no losses', '0.1 0.2', 'omega_0', 'no_losses'],
    ['no losses', '0.1 0.2', 'profit_factor', 'no_losses'],
    ['no drawdown', '0.1 0.2', 'calmar', 'no_drawdown'],
    ['only zeros', '0 0', 'win_rate_nonzero', 'no_nonzero_returns'],
    ['only zeros', '0 0', 'tail_ratio', 'zero_percentile'],
    ['a flat path', '0.1 0 0', 'stability_r2', 'zero_variance'],
    ['ruin', '0.1 -1', 'stability_r2', 'ruined'],
    ['worse than ruin', '0.1 -1.5', 'annual_return_geometric', 'ruined'],
    ['worse than ruin', '0.1 -1.5', 'calmar', 'ruined'],
    ['a fortune', `1${'0'.repeat(99)} `.repeat(4).trim(), 'total_return', 'too_large'],
    ['a fortune', `1${'0'.repeat(99)} `.repeat(4).trim(), 'max_drawdown', 'too_large'],
    ['a fortune', `1${'0'.repeat(99)} `.repeat(4).trim(), 'stability_r2', 'too_large'],
    ['a day that becomes a fortune', '10', 'annual_return_geometric', 'too_large'],
  ];
  test.each(undefinedRows)('%s: %s has no %s: %s', (_name, returns, key, reason) => {
    const { values, reasons } = figures(returns);
    expect([values[key], reasons[key]]).toEqual([null, reason]);
  });

  const otherRows: [string, string, string][] = [
    ['0.1 0.2 0.3', 'kurtosis_sample', 'n<4'],
    ['0.1 0.1 0.1 0.1', 'kurtosis_excess_sample', 'zero_variance'],
    ['0.1', 'kurtosis_excess_population', 'n<2'],
    ['0.1 0.1', 'kurtosis_excess_population', 'zero_variance'],
    ['0.1 0.1', 'sharpe_annual_geometric', 'zero_variance'],
    ['0.1 0.1', 'martin_ratio', 'no_drawdown'],
    ['0.1 0.1', 'pain_ratio', 'no_drawdown'],
    ['0.1 0.1', 'omega_mar_0', 'no_losses'],
    ['0.1 0.1', 'downside_deviation_of_losses_mar_0', 'no_losses'],
    ['0.1 0.1', 'variability_skewness_mar_0', 'no_losses'],
    ['-0.1 0', 'd_ratio_mar_0', 'no_gains'],
    ['0.1 -1', 'log_deviation_whole_period', 'ruined'],
    ['0.1', 'log_deviation_whole_period', 'n<2'],
  ];
  test.each(otherRows)('%s has no %s: %s', (returns, key, reason) => {
    const series = list(returns);
    const table = extendedTable(series, DAYS, ZERO_MAR);
    const { values, reasons } = formatFigures(series.values.length, table);
    expect([values[key], reasons[key]]).toEqual([null, reason]);
  });

  test('what a benchmark or a sample leaves undefined', () => {
    const rising = list('0.1 0.1');
    const beside = formatFigures(2, benchmarkTable(list('0.1 0.2'), rising, DAYS)).reasons;
    expect(beside).toMatchObject({ beta: 'zero_variance', correlation: 'zero_variance' });
    expect(beside).toMatchObject({ alpha_period: 'zero_variance', down_capture: 'no_losses' });
    const still = formatFigures(2, benchmarkTable(rising, list('0.1 0.2'), DAYS));
    expect(still.reasons).toMatchObject({ correlation: 'zero_variance' });
    expect(still.values).toMatchObject({ beta: '0' });
    const same = formatFigures(2, benchmarkTable(rising, list('-0.1 -0.1'), DAYS)).reasons;
    expect(same).toMatchObject({ information_ratio: 'zero_variance', up_capture: 'no_gains' });
    const luck = formatFigures(2, significanceTable(rising, 1n)).reasons;
    expect(luck).toMatchObject({ autocorrelation_lag1: 'zero_variance' });
    expect(luck).toMatchObject({ probabilistic_sharpe: 'zero_variance' });
    expect(formatFigures(1, significanceTable(list('0.1'), 1n)).reasons).toMatchObject({
      autocorrelation_lag1: 'n<2',
      deflated_sharpe: 'n<2',
    });
    const figure = (sample: Series) => sharpe(deviationsOf(sample), DAYS);
    const plan = { samples: 3, seed: 1, tail: 40 };
    const none = { low: 'zero_variance', high: 'zero_variance', samples: 0 };
    expect(bootstrap(rising, figure, plan)).toEqual(none);
    expect(bootstrap(list(''), figure, plan)).toEqual({
      low: 'no_returns',
      high: 'no_returns',
      samples: 0,
    });
  });

  test.each([
    [0],
    ['0'],
    [-1],
    ['-365'],
    [527_041],
    ['527040.1'],
    [1.5],
    [null],
    ['1e3'],
    [Number.NaN],
  ])('%s periods in a year', (value) => {
    const refused = () => parsePeriodsPerYear(value, 'periods');
    expect(refused).toThrow(expect.objectContaining({ code: 'RETURNS_INPUT_MALFORMED' }));
  });

  test.each([[null], ['0.1'], [[0.1]], [['NaN']], [['-']], [{ length: 1, 0: '0.1' }]])(
    'the list %j',
    (value) => {
      let error: unknown;
      try {
        parseReturns(value, 'returns');
      } catch (caught) {
        error = caught;
      }
      expect(codeOf(error)).toBe('RETURNS_INPUT_MALFORMED');
    },
  );
});

describe('holds', () => {
  const ORDERED = ['max_drawdown', 'calmar', 'stability_r2'];
  const value = fc.integer({ min: -9_999, max: 20_000 }).map((units) => decimalText(units, 4));
  const values = fc.array(value, { minLength: 2, maxLength: 30 });

  test('the order of returns matters to the path only', () => {
    fc.assert(
      fc.property(values, (returns) => {
        const [one, other] = [returns, returns.toReversed()].map((each) => figures(each.join(' ')));
        for (const [key, figure] of Object.entries(one?.values ?? {})) {
          if (!ORDERED.includes(key)) expect([key, other?.values[key]]).toEqual([key, figure]);
        }
      }),
    );
  });

  test('zeros at the end of a return change nothing', () => {
    fc.assert(
      fc.property(values, (returns) => {
        const longer = returns.map((each) => (each.includes('.') ? `${each}000` : `${each}.0`));
        expect(figures(longer.join(' '))).toEqual(figures(returns.join(' ')));
      }),
    );
  });

  test('zeros at the end of the periods in a year change nothing', () => {
    const [one, other] = ['12', '12.00'].map((text) => {
      const year = parseDecimal(text);
      const beside = benchmarkTable(list(OWN), list(OTHER), year);
      const extended = extendedTable(list(OWN), year, ZERO_MAR);
      return [figures(OWN, year), formatFigures(10, { ...beside, ...extended })];
    });
    expect(other).toEqual(one);
  });

  test('a period split in two links to the same wealth', () => {
    fc.assert(
      fc.property(values, value, (returns, half) => {
        const whole = formatFixed(linked(`${half} ${half}`));
        expect(figures([...returns, half, half].join(' ')).values['total_return']).toBe(
          figures([...returns, whole].join(' ')).values['total_return'],
        );
      }),
    );
  });

  test('idle periods leave the path, the gains and the losses as they are', () => {
    fc.assert(
      fc.property(values, (returns) => {
        const kept = ['total_return', 'max_drawdown', 'profit_factor', 'win_rate_nonzero'];
        const one = figures(returns.join(' ')).values;
        const other = figures(returns.flatMap((each) => ['0', each, '0']).join(' ')).values;
        expect(kept.map((key) => other[key])).toEqual(kept.map((key) => one[key]));
      }),
    );
  });

  test('leverage changes no ratio of mean to deviation', () => {
    fc.assert(
      fc.property(values, (returns) => {
        const kept = ['sharpe_annual', 'sortino_annual_mar_0', 'omega_0', 'tail_ratio'];
        const triple = returns.map((each) => (each === '0' ? each : decimalText(tripled(each), 4)));
        const [one, other] = [returns, triple].map((each) => figures(each.join(' ')).values);
        expect(kept.map((key) => other?.[key])).toEqual(kept.map((key) => one?.[key]));
      }),
    );
  });

  test('bounds: drawdown -1 to 0, stability 0 to 1, shortfall below value at risk', () => {
    fc.assert(
      fc.property(values, (returns) => {
        const { values: found } = figures(returns.join(' '));
        expect(found['max_drawdown']).toMatch(/^(-0\.[0-9]+|0)$/);
        expect(found['stability_r2'] ?? '0').toMatch(/^(0\.[0-9]+|0|1)$/);
        const [tail, mean] = [found['var_0.05'], found['cvar_0.05']].map((each) =>
          parseDecimal(each ?? ''),
        );
        if (tail !== undefined && mean !== undefined) expect(compare(mean, tail)).not.toBe(1);
      }),
    );
  });

  test('a constant has no variance, whatever its digits', () => {
    fc.assert(
      fc.property(value, fc.integer({ min: 2, max: 50 }), (each, count) => {
        const { values: found, reasons } = figures(
          Array.from({ length: count }, () => each).join(' '),
        );
        expect(found['volatility_annual']).toBe('0');
        expect(reasons['sharpe_annual']).toBe('zero_variance');
      }),
    );
  });

  test('a list beside itself', () => {
    fc.assert(
      fc.property(values, (returns) => {
        const series = list(returns.join(' '));
        const beside = formatFigures(2, benchmarkTable(series, series, DAYS)).values;
        expect(beside['tracking_error_annual']).toBe('0');
        for (const key of ['beta', 'correlation', 'up_capture', 'down_capture']) {
          expect([null, '1']).toContain(beside[key]);
        }
      }),
    );
  });
});

function decimalText(units: number, scale: number): string {
  const digits = Math.abs(units)
    .toString()
    .padStart(scale + 1, '0');
  const sign = units < 0 ? '-' : '';
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function tripled(text: string): number {
  return Math.round(Number(text) * 30_000);
}

function linked(text: string): bigint {
  const wealth = wealthOf(list(text));
  return typeof wealth === 'string' ? 0n : (wealth.path.at(-1) ?? 0n) - 10n ** 50n;
}

function decimalOrReason(figure: Figure): string {
  return typeof figure === 'bigint' ? formatFixed(figure) : figure;
}
