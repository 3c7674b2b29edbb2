import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import { UsageError } from '../verb.ts';
import { metrics } from './metrics.ts';

type Options = Record<string, string | boolean>;

async function run(input: unknown, options: Options = {}): Promise<object> {
  const text = typeof input === 'string' ? input : JSON.stringify(input);
  const stdin = Readable.from([Buffer.from(text)]);
  const output = await metrics.run({ options, positionals: [], stdin, progress: () => {} });
  const answer: object = JSON.parse(JSON.stringify(output.document));
  return answer;
}

function ask(returns: readonly string[], periods: number, options: Options = {}) {
  return run({ periods_per_year: periods, returns }, options);
}

const GOOD = { periods_per_year: 8760, returns: ['0.1'] };
const returns = (value: unknown) => ({ ...GOOD, returns: [value] });
const periods = (value: unknown) => ({ ...GOOD, periods_per_year: value });
const REFUSED: [string, unknown][] = [
  ['nothing', ''],
  ['no JSON', '{"returns":'],
  ['a list at the top', []],
  ['null', null],
  ['text', '"x"'],
  ['no returns', { periods_per_year: 1 }],
  ['returns that are no list', { ...GOOD, returns: '0.1' }],
  ['an unknown field', { ...GOOD, benchmark: [] }],
  ['NaN', returns('NaN')],
  ['Infinity', returns('Infinity')],
  ['an exponent', returns('1e-3')],
  ['a number', returns(0.1)],
  ['null in the list', returns(null)],
  ['a decimal comma', returns('0,1')],
  ['a plus', returns('+0.1')],
  ['a space', returns(' 0.1')],
  ['a bare point', returns('.1')],
  ['no text', returns('')],
  ['other digits', returns('٠.١')],
  ['103 characters', returns(`0.${'1'.repeat(101)}`)],
  ['no periods per year', { returns: ['0.1'] }],
  ['0 periods', periods(0)],
  ['negative periods', periods(-1)],
  ['more periods than minutes', periods(527_041)],
  ['huge periods', periods(1e300)],
  ['part of a number of periods', periods(365.25)],
  ['periods that are no number', periods('8760h')],
  ['periods that are true', periods(true)],
];

const BAD_USAGE: [string, Options][] = [
  ['mar', { mar: 'x' }],
  ['cutoff above 1', { cutoff: '1.1' }],
  ['cutoff below 0', { cutoff: '-0.1' }],
  ['periods', { 'periods-per-year': '0' }],
  ['window 0', { window: '0' }],
  ['window 1.5', { window: '1.5' }],
  ['trials 0', { trials: '0', tables: true }],
  ['samples', { bootstrap: '100001' }],
  ['time without zone', { from: '2026-01-05T00:00:00' }],
  ['no time', { from: 'Z' }],
  ['step', { from: '2026-01-05T00:00:00Z', step: 'minute' }],
  ['step of another kind', { from: '2026-01-05T00:00:00Z', step: 'constructor' }],
  ['benchmark file', { benchmark: '/nonexistent' }],
];

describe('accepts', () => {
  const KEYS = [
    'total_return annual_return_geometric volatility_annual sharpe_annual',
    'downside_deviation_annual_mar_0 sortino_annual_mar_0 max_drawdown calmar omega_0',
    'profit_factor win_rate_nonzero var_0.05 cvar_0.05 var_0.01 cvar_0.01 tail_ratio stability_r2',
    'best worst skew_population',
  ];
  const keys = KEYS.flatMap((line) => line.split(' '));

  test('a list, with exactly the documented keys', async () => {
    const answer = await ask(['0.1', '-0.1', '0.1'], 8760);
    expect(Object.keys(answer).toSorted()).toEqual([...keys, 'reasons'].toSorted());
    expect(answer).toMatchObject({ total_return: '0.089', max_drawdown: '-0.1', reasons: {} });
    expect(answer).toMatchObject({ best: '0.1', worst: '-0.1', profit_factor: '2' });
  });

  test('the return asked for as a threshold, under its own text', async () => {
    const answer = await ask(['0.1', '-0.1'], 1, { mar: '0.00005' });
    expect(answer).toMatchObject({
      'sortino_annual_mar_0.00005': expect.stringMatching(/^-0\.0007/),
      'downside_deviation_annual_mar_0.00005': expect.stringMatching(/^0\.0707/),
    });
  });

  test('periods per year from the option, which goes before the input', async () => {
    const list = { returns: ['0.1', '-0.2'] };
    const asked = await run(list, { 'periods-per-year': '365' });
    const stated = await run({ ...list, periods_per_year: '365' });
    const both = await run({ ...list, periods_per_year: 1 }, { 'periods-per-year': '365' });
    expect(asked).toEqual(stated);
    expect(both).toEqual(stated);
  });

  test('a hundred digits, and a million hours is too many', async () => {
    const long = `0.${'1'.repeat(99)}`;
    expect(await ask([long], 1)).toMatchObject({ total_return: `0.${'1'.repeat(30)}` });
    const many = Array.from({ length: 876_601 }, () => '0');
    await expect(ask(many, 1)).rejects.toThrow(RecordError);
  });

  test('text for people', async () => {
    const stdin = Readable.from(['{"periods_per_year":1,"returns":["0.5"]}']);
    const { text: lines } = await metrics.run({
      options: { window: '1' },
      positionals: [],
      stdin,
      progress: () => {},
    });
    expect(lines).toContain('"rolling": [');
    expect(lines).toMatch(/^total_return +0\.5\n/);
    expect(lines).toMatch(/\nvolatility_annual +undefined: n<2\n/);
  });
});

describe('refuses', () => {
  test.each(REFUSED)('%s', async (_name, input) => {
    const refusal = await run(input).catch((error: unknown) => error);
    expect(codeOf(refusal)).toBe('RETURNS_INPUT_MALFORMED');
  });

  test('names the place, not the value', async () => {
    const refusal = await ask(['0.1', 'secret'], 1).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ place: 'input.returns[1]' });
    expect(String(refusal)).not.toContain('secret');
  });

  test.each(BAD_USAGE)('bad usage: %s', async (_name, options) => {
    await expect(run(GOOD, options)).rejects.toThrow(UsageError);
  });

  test('an endless input', async () => {
    const megabyte = Buffer.alloc(1024 * 1024, ' ');
    const stdin = Readable.from(Array.from({ length: 65 }, () => megabyte));
    const input = { options: {}, positionals: [], stdin, progress: () => {} };
    await expect(metrics.run(input)).rejects.toMatchObject({ code: 'RETURNS_INPUT_MALFORMED' });
  });

  test('a benchmark of another length', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'metrics-'));
    const benchmark = join(folder, 'benchmark.json');
    writeFileSync(benchmark, JSON.stringify({ returns: ['0.1', '0.2'] }));
    await expect(run(GOOD, { benchmark })).rejects.toMatchObject({
      place: 'benchmark.returns',
    });
    rmSync(folder, { recursive: true });
  });
});

describe('holds', () => {
  test('the daily figures are those of the days linked from hours', async () => {
    const hours = Array.from({ length: 48 }, (_value, i) => (i < 24 ? '0.01' : '-0.01'));
    // 1.01^24 - 1 and 0.99^24 - 1 have 48 decimals; this keeps the case exact to the last digit.
    const days = ['0', '0.01', '-0.02'];
    const calendar = { from: '2026-01-05T00:00:00Z' };
    const daily = await ask(days, 365);
    const asHours = days.flatMap((value) => [...Array.from({ length: 23 }, () => '0'), value]);
    expect(await ask(asHours, 8760, calendar)).toMatchObject({ daily });
    expect(await ask(hours, 8760, calendar)).toMatchObject({
      days: [
        { key: '2026-01-05', periods: 24, return: expect.stringMatching(/^0\.26973464853191/) },
        { key: '2026-01-06', periods: 24, return: expect.stringMatching(/^-0\.2143218591927/) },
      ],
    });
  });

  test('a seed fixes the bootstrap, another one moves it', async () => {
    const list = Array.from({ length: 30 }, (_value, i) => `0.00${(i * 7) % 10}`);
    const [first, again, other] = await Promise.all(
      ['1', '1', '2'].map((seed) => ask(list, 365, { bootstrap: '50', seed })),
    );
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(first).toMatchObject({ bootstrap: { sharpe_annual: { defined: 50 } } });
  });
});
