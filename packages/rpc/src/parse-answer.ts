// What a server answered, to domain values. Everything here is untrusted: what is not of the
// documented form is RPC_ANSWER_MALFORMED, and no part of it reaches a message.

import { codes, RecordError, type Code } from '@track-record/errors';
import {
  HourStatus,
  Provenance,
  type HourlyReturn as WireHour,
} from './generated/trackrecord/v1/results.ts';
import {
  AccountState,
  type AccountStatus as WireAccount,
} from './generated/trackrecord/v1/status.ts';
import type { AccountStatus, HourlyReturn } from './sources.ts';
import { RATIO, WORD } from './wire.ts';

export function parseAccount(wire: WireAccount): AccountStatus {
  return {
    accountId: wire.accountId,
    state: parseName(AccountState, wire.state),
    lastHourMs: wire.lastHourMs === undefined ? null : parseInteger(wire.lastHourMs),
    hoursMissing: wire.hoursMissing,
    code: wire.code === undefined ? null : parseCode(wire.code),
    syncing: wire.syncing,
  };
}

export function parseHour(wire: WireHour): HourlyReturn {
  return {
    hourMs: parseInteger(wire.hourMs),
    status: parseName(HourStatus, wire.status),
    reason: wire.reason === undefined ? null : matching(WORD, wire.reason),
    hourlyReturn: wire.hourlyReturn === undefined ? null : matching(RATIO, wire.hourlyReturn),
    coverage: matching(RATIO, wire.coverage),
    provenance: parseName(Provenance, wire.provenance),
    sequence: parseInteger(wire.sequence),
    statementHash: wire.statementHash,
  };
}

/** A code of the closed vocabulary. */
export function parseCode(text: string): Code {
  if (!Object.hasOwn(codes, text)) throw new RecordError('RPC_ANSWER_MALFORMED');
  return text as Code;
}

function parseName<Name extends string>(
  literals: Readonly<Record<Uppercase<Name>, number>>,
  value: number,
): Name {
  const found = Object.entries(literals).find(([, literal]) => literal === value);
  if (found === undefined || value === 0) throw new RecordError('RPC_ANSWER_MALFORMED');
  return found[0].toLowerCase() as Name;
}

function parseInteger(value: bigint): number {
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw new RecordError('RPC_ANSWER_MALFORMED');
  return result;
}

function matching(form: RegExp, text: string): string {
  if (!form.test(text)) throw new RecordError('RPC_ANSWER_MALFORMED');
  return text;
}
