export * from './decimal.ts';
export * from './entry.ts';
export {
  anchorCodec,
  checkDocument,
  entryCodec,
  HOUR_MS,
  instrumentCodec,
  markCodec,
  priceCodec,
} from './document.ts';
export { formatInstant } from './codec.ts';
export { formatCheckpoint, parseCheckpoint, type Checkpoint, type Quote } from './checkpoint.ts';
export { orderEntries, OUTFLOW, phaseOf } from './order.ts';
export { addAmount, Book } from './book.ts';
export { replayBackward, sortAnchors } from './opening.ts';
export { assetsThatMayBeOwed, bookResidual, reconcile, type Residual } from './reconcile.ts';
export { pairTransfers, type OpenTransfer, type PairedTransfers } from './transfers.ts';
export { PriceTable } from './price-table.ts';
export { Appraisal, sumOrNull, VALUE_SCALE, type Valuation, type Worth } from './value.ts';
export { priceRequests, type PriceNeed } from './price-requests.ts';
