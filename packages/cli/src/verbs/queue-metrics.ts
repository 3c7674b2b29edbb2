// `track-record queue metrics`: what a Prometheus collector reads (its text format 0.0.4), from the
// role operator's views. Aggregates by venue and queue: never an account, an amount or a symbol. An
// enclave has no listener for it (docs/decisions/0016-limits-and-metrics.md).

import {
  deadLetterCodes,
  queueDepths,
  venueAllowances,
  venueDepths,
} from '@track-record/store/operator';
import { asOperator, checkAlone } from '../operator/session.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

export const queueMetrics: Verb = {
  name: 'queue metrics',
  summary: 'Print what Prometheus collects: hours missing, queues, venues’ limits.',
  example: 'queue metrics > track-record.prom',
  options: {},
  run,
};

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly kind: 'gauge' | 'counter';
  readonly samples: readonly (readonly [labels: Readonly<Record<string, string>>, value: string])[];
}

async function run(input: VerbInput): Promise<VerbOutput> {
  checkAlone(input);
  const metrics = await asOperator(async (db) => [
    ...venueMetrics(await venueDepths(db)),
    ...queueMetricsOf(await queueDepths(db)),
    ...allowanceMetrics(await venueAllowances(db)),
    ...deadLetterMetrics(await deadLetterCodes(db)),
  ]);
  return { document: { metrics }, text: metrics.map(textOf).join('') };
}

function venueMetrics(venues: Awaited<ReturnType<typeof venueDepths>>): Metric[] {
  const gauge = (name: string, help: string, value: (each: (typeof venues)[number]) => string) =>
    metric('gauge', name, help, venues, ({ venue }) => ({ venue }), value);
  return [
    gauge(
      'hours_missing',
      'Final hours of active accounts without a statement.',
      (each) => each.hoursMissing,
    ),
    gauge(
      'hours_withheld',
      'The same, of accounts that are stopped.',
      (each) => each.hoursWithheld,
    ),
    gauge('accounts_active', 'Accounts that are served.', (each) => each.active),
    gauge('accounts_stopped', 'Paused and quarantined accounts.', (each) => each.stopped),
    gauge('accounts_behind', 'Active accounts that lack an hour.', (each) => each.accountsBehind),
    gauge('dispatched_timestamp_seconds', 'When the dispatcher last looked.', (each) =>
      secondsOf(each.dispatchedAt),
    ),
  ];
}

function queueMetricsOf(queues: Awaited<ReturnType<typeof queueDepths>>): Metric[] {
  const gauge = (name: string, help: string, value: (each: (typeof queues)[number]) => string) =>
    metric('gauge', `queue_${name}`, help, queues, ({ name: queue }) => ({ queue }), value);
  return [
    gauge('ready', 'Jobs that could run now.', (each) => each.ready),
    gauge('later', 'Jobs between two attempts.', (each) => each.deferred),
    gauge('active', 'Jobs that run.', (each) => each.active),
    gauge('failed', 'Jobs that failed for good and are kept.', (each) => each.failed),
    gauge('oldest_ready_timestamp_seconds', 'Since when the first of them waits.', (each) =>
      secondsOf(each.oldestReady),
    ),
    gauge('held', '1 while an operator holds the queue back.', (each) => (each.held ? '1' : '0')),
  ];
}

function allowanceMetrics(rows: Awaited<ReturnType<typeof venueAllowances>>): Metric[] {
  const of =
    (kind: Metric['kind'], name: string, help: string) =>
    (value: (each: (typeof rows)[number]) => string) =>
      metric(kind, `venue_${name}`, help, rows, ({ venue, egress }) => ({ venue, egress }), value);
  return [
    of('gauge', 'tokens', 'Requests that the address may send now.')((each) => each.tokens),
    of(
      'gauge',
      'closed_until_timestamp_seconds',
      'Until when the venue told it to wait.',
    )((each) => secondsOf(each.closedUntil)),
    of('counter', 'closings_total', 'How often it was told to wait.')((each) => each.closings),
    of('counter', 'admitted_total', 'Jobs that were admitted.')((each) => each.admitted),
    of('counter', 'refused_total', 'Times that a waiting job was not.')((each) => each.refused),
  ];
}

function deadLetterMetrics(rows: Awaited<ReturnType<typeof deadLetterCodes>>): Metric[] {
  const help = 'Jobs that failed for good, by code.';
  return [
    metric(
      'gauge',
      'dead_letters',
      help,
      rows,
      ({ code }) => ({ code }),
      (row) => row.jobs,
    ),
  ];
}

function metric<Row>(
  kind: Metric['kind'],
  name: string,
  help: string,
  rows: readonly Row[],
  labels: (row: Row) => Readonly<Record<string, string>>,
  value: (row: Row) => string,
): Metric {
  const samples = rows.map((row) => [labels(row), value(row)] as const);
  return { name: `track_record_${name}`, help, kind, samples };
}

/** Zero, long ago, where there is no such instant. */
function secondsOf(instant: string | null): string {
  return String(instant === null ? 0 : Date.parse(instant) / 1_000);
}

/** Names of venues, queues, addresses and codes hold no character that would have to be escaped. */
function textOf({ name, help, kind, samples }: Metric): string {
  const lines = samples.map(([labels, value]) => {
    const text = Object.entries(labels).map(([label, each]) => `${label}="${each}"`);
    return `${name}{${text.join(',')}} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join('')}`;
}
