// Our engine on the generated account, in a process of its own.
// `memory`: from the document as `track-record compute` has read it, its fills in columns.
// `text`: from the bytes of the file to the hours, as `track-record compute` works.
// `incremental`: one hour on top of a checkpoint, after a million entries and after a thousand.

import assert from 'node:assert/strict';
import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { formatDecimal } from '@track-record/ledger';
import { DocumentReader, type ReadLedger } from '@track-record/ledger/stream';
import { computeHours, type HoursReport } from '@track-record/returns';
import { measure, medianOf } from '../measure.ts';
import { generateMarket } from './market.ts';
import { documentOf, nextHour } from './market-document.ts';

/** As `track-record compute` reads. */
const CHUNK_BYTES = 1 << 18;

/** As `track-record compute` without `--balances`. */
const OPTIONS = { balances: false };

/** One hour takes a fraction of a millisecond; the median of this many is what is told. */
const INCREMENTAL_RUNS = 300;

export async function runOurEngine(source: string, folder: string, runs: number): Promise<void> {
  switch (source) {
    case 'memory': {
      const { document, fills } = readLedger(folder);
      return await measure(runs, () => answerOf(computeHours(document, { fills, ...OPTIONS })));
    }
    case 'text':
      return await measure(runs, () => {
        const { document, fills } = readLedger(folder);
        return answerOf(computeHours(document, { fills, ...OPTIONS }));
      });
    default:
      return await measure(1, incremental);
  }
}

function answerOf({ hours }: HoursReport): unknown {
  const equity = hours.map(({ navClose }) => {
    assert(navClose !== null, 'every asset of the market has a price');
    return formatDecimal(navClose);
  });
  return { equity };
}

function readLedger(folder: string): ReadLedger {
  const reader = new DocumentReader();
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const file = openSync(path.join(folder, 'ledger.json'), 'r');
  for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
    reader.write(chunk.subarray(0, length));
  }
  closeSync(file);
  return reader.end();
}

/** The same hour for both accounts in turns, so that noise meets both. */
function incremental(): unknown {
  const accounts = [1_000_000, 1_000].map((fills) => {
    const market = generateMarket(fills);
    return { opening: computeHours(documentOf(market)).closing, document: nextHour(), costs: [0] };
  });
  for (let run = 0; run < INCREMENTAL_RUNS; run += 1) {
    for (const { opening, document, costs } of accounts) {
      const start = performance.now();
      computeHours(document, { opening, ...OPTIONS });
      costs.push(performance.now() - start);
    }
  }
  const [large, small] = accounts.map(({ costs }) => medianOf(costs.slice(costs.length / 2)));
  return { large, small };
}
