// Sources of a door for tests: each answers what the test gives it, and whoever asks for anything
// else has found a bug in the test.

import { RecordError } from '@track-record/errors';
import type { RpcSources } from '@track-record/rpc/sources';

export const allWell = {
  database: true,
  queue: true,
  scheduler: true,
  attestation: true,
  key: true,
} as const;

const unasked = (): never => {
  throw new Error('This test gave no such source.');
};

export function cannedSources(given: Partial<RpcSources> = {}): RpcSources {
  return {
    statusOf: unasked,
    headOf: async () => 0,
    hourlyReturns: unasked,
    statements: unasked,
    dailyReturns: unasked,
    monthlyTable: unasked,
    metrics: unasked,
    checkpoint: () => Promise.reject(new RecordError('LOG_EMPTY')),
    attestation: unasked,
    submitShare: unasked,
    handOver: unasked,
    health: async () => allWell,
    ...given,
  };
}

/** An enclave with nothing in it. */
export const emptySources = cannedSources({
  statusOf: async () => [],
  hourlyReturns: async function* () {},
  statements: async function* () {},
  dailyReturns: async function* () {},
  monthlyTable: async () => ({ months: [], years: [] }),
  metrics: async () => ({ figures: [], returns: 0, hoursWithoutReturn: 0 }),
  attestation: () => Promise.reject(new RecordError('ATTESTATION_UNAVAILABLE')),
  submitShare: () => Promise.reject(new RecordError('UNSEAL_SHARE_REFUSED')),
  handOver: () => Promise.reject(new RecordError('HANDOVER_REFUSED')),
});
