// DuckDB on the generated account: `node duckdb.mjs double|decimal memory|text FOLDER RUNS`. Hourly
// sums per symbol, fees per hour in the quote, and the equity at every full hour. Amounts are DOUBLE,
// or DECIMAL(18,8), whose sums DuckDB keeps in DECIMAL(38,8). The query names the three fee assets,
// which spares it a second pass over the fills.

import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { measure } from '../src/measure.ts';

const [, , type, source, folder, runs] = process.argv;
const amount = type === 'double' ? 'DOUBLE' : 'DECIMAL(18,8)';
const price = type === 'double' ? 'DOUBLE' : 'DECIMAL(18,6)';

const read = (name, columns) =>
  `read_csv('${path.join(folder, `${name}.csv`)}', header = true, auto_detect = false,
    columns = ${columns})`;

const FILLS = read(
  'fills',
  `{id: 'VARCHAR', time: 'TIMESTAMP', symbol: 'VARCHAR', base: '${amount}', quote: '${amount}',
    fee_asset: 'VARCHAR', fee: '${amount}'}`,
);
const HOUR = 'CAST(epoch_ms(time) // 3600000 AS INTEGER)';
const PRICE_COLUMNS = `{asset: 'VARCHAR', time: 'TIMESTAMP', price: '${price}'}`;
const PRICES = `(SELECT asset, ${HOUR} AS hour, price FROM ${read('prices', PRICE_COLUMNS)})`;

const hourly = (fills, prices) => `
  WITH sums AS MATERIALIZED (
    SELECT ${HOUR} AS hour, symbol, sum(base) AS base, sum(quote) AS quote,
      sum(abs(quote)) AS volume,
      sum(fee) FILTER (fee_asset = 'BTC') AS fee_btc,
      sum(fee) FILTER (fee_asset = 'BNB') AS fee_bnb,
      sum(fee) FILTER (fee_asset = 'USDT') AS fee_usdt
    FROM ${fills} GROUP BY 1, 2),
  fees AS MATERIALIZED (
    SELECT hour, 'BTC' AS asset, sum(fee_btc) AS fee FROM sums GROUP BY hour UNION ALL
    SELECT hour, 'BNB', sum(fee_bnb) FROM sums GROUP BY hour UNION ALL
    SELECT hour, 'USDT', sum(fee_usdt) FROM sums GROUP BY hour),
  quoted AS MATERIALIZED (SELECT asset, hour, price FROM ${prices}),
  prices AS MATERIALIZED (
    SELECT asset, hour, price FROM quoted UNION ALL
    SELECT 'USDT', hour, 1 FROM (SELECT DISTINCT hour FROM quoted)),
  changes AS (
    SELECT hour, symbol AS asset, base AS change FROM sums UNION ALL
    SELECT hour, 'USDT', sum(quote) FROM sums GROUP BY hour UNION ALL
    SELECT hour, asset, fee FROM fees UNION ALL
    SELECT CAST((SELECT min(hour) FROM prices) - 1 AS INTEGER), asset, amount FROM opening),
  hourly AS (SELECT hour, asset, sum(change) AS change FROM changes GROUP BY 1, 2),
  grid AS (SELECT asset, hour - 1 AS hour, price FROM prices),
  held AS (
    SELECT grid.hour, grid.price,
      sum(change) OVER (PARTITION BY grid.asset ORDER BY grid.hour) AS held
    FROM grid LEFT JOIN hourly ON hourly.hour = grid.hour AND hourly.asset = grid.asset),
  equity AS (SELECT hour, sum(held * price) AS equity FROM held GROUP BY hour),
  paid AS (
    SELECT fees.hour, sum(fee * price) AS fees FROM fees
    JOIN prices ON prices.hour = fees.hour AND prices.asset = fees.asset GROUP BY fees.hour)
  SELECT CAST(equity AS DOUBLE) AS equity, CAST(fees AS DOUBLE) AS fees, sums.groups
  FROM equity JOIN paid ON paid.hour = equity.hour
  CROSS JOIN (SELECT count(volume) AS groups FROM sums) AS sums ORDER BY equity.hour`;

const database = await DuckDBInstance.create(':memory:');
const connection = await database.connect();
const openingColumns = `{asset: 'VARCHAR', amount: '${amount.replace('18,', '38,')}'}`;
await connection.run(`CREATE TABLE opening AS SELECT * FROM ${read('opening', openingColumns)}`);
if (source === 'memory') {
  await connection.run(`CREATE TABLE fills AS SELECT * FROM ${FILLS}`);
  await connection.run(`CREATE TABLE prices AS SELECT * FROM ${PRICES}`);
}
const query = source === 'memory' ? hourly('fills', 'prices') : hourly(FILLS, PRICES);
await measure(Number(runs), async () => {
  const rows = (await connection.runAndReadAll(query)).getRows();
  return { equity: rows.map(([equity]) => equity) };
});
