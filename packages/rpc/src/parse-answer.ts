// What a server answered, to domain values. Everything here is untrusted: what is not of the
// documented form is RPC_ANSWER_MALFORMED, and no part of it reaches a message.

import { codes, RecordError, type Code } from '@track-record/errors';
import {
  FigureName,
  FigureReason,
  HourStatus,
  Provenance,
  type Figure as WireFigure,
  type HourlyReturn as WireHour,
  type PeriodReturn as WirePeriod,
} from './generated/trackrecord/v1/results.ts';
import {
  AccountState,
  type AccountStatus as WireAccount,
} from './generated/trackrecord/v1/status.ts';
import type { AccountStatus, Figure, HourlyReturn, PeriodReturn } from './sources.ts';
import { RATIO, WORD } from './wire.ts';

export function parseAccount(wire: WireAccount): AccountStatus {
  return {
    accountId: wire.accountId,
    state: parseName(AccountState, wire.state),
    lastHourMs: wire.lastHourMs === undefined ? null : parseInteger(wire.lastHourMs),
    hoursMissing: wire.hoursMissing,
    code: wire.code === undefined ? null : parseCode(wire.code),
    syncing: wire.syncing,
    coverage: parseRatio(wire.coverage),
    queuePosition: wire.queuePosition ?? null,
    backfill: wire.backfill ?? null,
  };
}

export function parseHour(wire: WireHour): HourlyReturn {
  return {
    hourMs: parseInteger(wire.hourMs),
    status: parseName(HourStatus, wire.status),
    reason: wire.reason === undefined ? null : matching(WORD, wire.reason),
    hourlyReturn: parseRatio(wire.hourlyReturn),
    coverage: matching(RATIO, wire.coverage),
    provenance: parseName(Provenance, wire.provenance),
    sequence: parseInteger(wire.sequence),
    statementHash: wire.statementHash,
  };
}

export function parsePeriod(wire: WirePeriod): PeriodReturn {
  return {
    startMs: parseInteger(wire.startMs),
    hours: wire.hours,
    periodReturn: parseRatio(wire.periodReturn),
    reason: wire.reason === undefined ? null : parseName(FigureReason, wire.reason),
  };
}

export function parseFigure({ name, value, reason }: WireFigure): Figure {
  return {
    name: parseName(FigureName, name),
    value: parseRatio(value),
    reason: reason === undefined ? null : parseName(FigureReason, reason),
  };
}

/** A code of the closed vocabulary. */
export function parseCode(text: string): Code {
  if (!Object.hasOwn(codes, text)) throw new RecordError('RPC_ANSWER_MALFORMED');
  return text as Code;
}

/** Of each enumeration, once: a year of hours asks for thousands of names. */
const namesOf = new Map<object, ReadonlyMap<number, string>>();

function parseName<Name extends string>(
  literals: Readonly<Record<Uppercase<Name>, number>>,
  value: number,
): Name {
  const known = namesOf.get(literals);
  const names =
    known ??
    new Map(Object.entries<number>(literals).map(([name, each]) => [each, name.toLowerCase()]));
  if (known === undefined) namesOf.set(literals, names);
  const found = names.get(value);
  if (found === undefined || value === 0) throw new RecordError('RPC_ANSWER_MALFORMED');
  return found as Name;
}

function parseInteger(value: bigint): number {
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw new RecordError('RPC_ANSWER_MALFORMED');
  return result;
}

function parseRatio(text: string | undefined): string | null {
  return text === undefined ? null : matching(RATIO, text);
}

function matching(form: RegExp, text: string): string {
  if (!form.test(text)) throw new RecordError('RPC_ANSWER_MALFORMED');
  return text;
}
