// nodejs-polars on the generated account: `node polars.mjs double memory|text FOLDER RUNS`. The same
// hourly sums and equity as DuckDB, in doubles.

import path from 'node:path';
import pl from 'nodejs-polars';
import { measure } from '../src/measure.ts';

const [, , , source, folder, runs] = process.argv;
const HOUR_MS = 3_600_000;

const read = (name) => pl.readCSV(path.join(folder, `${name}.csv`), { tryParseDates: true });

const withHour = (frame) =>
  frame.withColumns(
    // The quotient is a double that may fall just short; half a millisecond keeps it on its side.
    pl
      .col('time')
      .cast(pl.Datetime('ms'))
      .cast(pl.Int64)
      .add(pl.lit(0.5))
      .div(pl.lit(HOUR_MS))
      .cast(pl.Int32)
      .alias('hour'),
  );

/** Changes of one asset, in the order that `concat` needs. */
const change = (frame, asset, amount) =>
  frame.select(pl.col('hour'), asset.alias('asset'), amount.alias('change'));

function equityOf(fills, prices, opening) {
  const feeOf = (asset) =>
    pl
      .when(pl.col('fee_asset').eq(pl.lit(asset)))
      .then(pl.col('fee'))
      .otherwise(pl.lit(0))
      .sum();
  const sums = withHour(fills)
    .groupBy('hour', 'symbol')
    .agg(
      pl.col('base').sum().alias('base'),
      pl.col('quote').sum().alias('quote'),
      pl.col('quote').abs().sum().alias('volume'),
      feeOf('BTC').alias('BTC'),
      feeOf('BNB').alias('BNB'),
      feeOf('USDT').alias('USDT'),
    );
  const perHour = sums
    .groupBy('hour')
    .agg(...['quote', 'BTC', 'BNB', 'USDT'].map((name) => pl.col(name).sum().alias(name)));
  const quoted = withHour(prices).select('asset', 'hour', 'price');
  const hours = quoted.select('hour').unique();
  const grid = pl.concat([
    quoted,
    hours.select(pl.lit('USDT').alias('asset'), pl.col('hour'), pl.lit(1.0).alias('price')),
  ]);
  const first = hours.getColumn('hour').min();
  const changes = pl
    .concat([
      change(sums, pl.col('symbol'), pl.col('base')),
      change(perHour, pl.lit('USDT'), pl.col('quote').add(pl.col('USDT'))),
      change(perHour, pl.lit('BTC'), pl.col('BTC')),
      change(perHour, pl.lit('BNB'), pl.col('BNB')),
      opening.select(
        pl
          .lit(first - 1)
          .cast(pl.Int32)
          .alias('hour'),
        pl.col('asset'),
        pl.col('amount').alias('change'),
      ),
    ])
    .groupBy('hour', 'asset')
    .agg(pl.col('change').sum().alias('change'));
  const equity = grid
    .withColumns(pl.col('hour').sub(pl.lit(1)).cast(pl.Int32).alias('hour'))
    .join(changes, { on: ['hour', 'asset'], how: 'left' })
    .sort('hour')
    .withColumns(pl.col('change').fillNull(pl.lit(0)).cumSum().over('asset').alias('held'))
    .groupBy('hour')
    .agg(pl.col('held').mul(pl.col('price')).sum().alias('equity'))
    .sort('hour');
  const fees = ['BTC', 'BNB', 'USDT'].map((asset) => change(perHour, pl.lit(asset), pl.col(asset)));
  const paid = pl
    .concat(fees)
    .join(grid, { on: ['hour', 'asset'], how: 'inner' })
    .groupBy('hour')
    .agg(pl.col('change').mul(pl.col('price')).sum().alias('fees'));
  const joined = equity.join(paid, { on: 'hour', how: 'inner' }).sort('hour');
  return { equity: joined.getColumn('equity').toArray() };
}

const opening = read('opening');
const loaded = source === 'memory' ? [read('fills'), read('prices')] : null;
await measure(Number(runs), () => {
  const [fills, prices] = loaded ?? [read('fills'), read('prices')];
  return equityOf(fills, prices, opening);
});
