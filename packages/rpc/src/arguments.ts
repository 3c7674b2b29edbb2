// The arguments of a call, which anyone who reaches the door controls. Everything that is not of
// its exact form is ARGUMENT_INVALID before a source sees it; the place names the field and never
// its value.

import { RecordError } from '@track-record/errors';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** The year 10000, which ISO 8601 and Postgres do not write in four digits. */
const END_OF_TIME_MS = 253_402_300_800_000n;
const HOLDER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** 256 bits cannot be guessed; twice that is as much as a report can bind. */
const NONCE_BYTES_MIN = 32;
const NONCE_BYTES_MAX = 64;

export interface Window {
  readonly accountId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export function parseUuid(text: string, place: string): string {
  if (!UUID.test(text)) throw new RecordError('ARGUMENT_INVALID', { place });
  return text;
}

export function parseWindow(request: { accountId: string; fromMs: bigint; toMs: bigint }): Window {
  const accountId = parseUuid(request.accountId, 'account_id');
  if (request.fromMs < 0n) throw new RecordError('ARGUMENT_INVALID', { place: 'from_ms' });
  if (request.toMs <= request.fromMs || request.toMs > END_OF_TIME_MS) {
    throw new RecordError('ARGUMENT_INVALID', { place: 'to_ms' });
  }
  return { accountId, fromMs: Number(request.fromMs), toMs: Number(request.toMs) };
}

/** A word of a generated enum; one that this version does not know is no argument. */
export function parseLiteral<Name extends string>(
  literals: Readonly<Record<Uppercase<Name>, number>>,
  value: number,
  place: string,
): Name {
  const found = Object.entries(literals).find(([, literal]) => literal === value);
  if (found === undefined || value === 0) throw new RecordError('ARGUMENT_INVALID', { place });
  return found[0].toLowerCase() as Name;
}

export function parseNonce(nonce: Uint8Array): Uint8Array {
  if (nonce.length !== 0 && (nonce.length < NONCE_BYTES_MIN || nonce.length > NONCE_BYTES_MAX)) {
    throw new RecordError('ARGUMENT_INVALID', { place: 'nonce' });
  }
  return nonce;
}

export function parseHolder(holder: string): string {
  if (!HOLDER.test(holder)) throw new RecordError('ARGUMENT_INVALID', { place: 'holder' });
  return holder;
}
