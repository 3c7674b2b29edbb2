// The instants and days of a Flex statement. Its times have no offset: they are in the zone of
// New York unless a suffix says otherwise, whatever the zone of this machine. A query may spell
// them in several ways; those in which day and month could be confused are refused.

import { DateTime } from 'luxon';
import type { Window } from '@track-record/ledger';
import { parseText, shape, type Row } from '../ccxt/rows.ts';

const ZONE = 'America/New_York';
/** `20250130;202000`, `2013-03-05, 19:45:00`, `20130102 01:25:14`, `2025-01-30`; also ` EDT`. */
const TIME =
  /^(\d{4})(-?)(\d\d)\2(\d\d)(?:[;, ]{0,2}(\d\d):?(\d\d):?(\d\d))?(?: (EST|EDT|UTC|GMT))?$/;
const ZONES: Readonly<Record<string, string>> = { EST: 'UTC-5', EDT: 'UTC-4' };

/** From midnight to midnight in New York: 23 or 25 hours when its clocks change. */
export function dayAt(row: Row, field: string): Window {
  const { time } = parseParts(parseText(row, field), field);
  return dayOf(time.setZone(ZONE, { keepLocalTime: true }));
}

/** The day that an instant is in. */
export function dayOf(instant: DateTime | number): Window {
  const time = typeof instant === 'number' ? DateTime.fromMillis(instant) : instant;
  const day = time.setZone(ZONE).startOf('day');
  return { from: day.toMillis(), to: day.plus({ days: 1 }).toMillis() };
}

/** Milliseconds UTC; a day without a time counts as its last millisecond. */
export function timeAt(row: Row, field: string): number {
  const { time, hasTime } = parseParts(parseText(row, field), field);
  return hasTime ? time.toMillis() : dayAt(row, field).to - 1;
}

function parseParts(text: string, place: string): { time: DateTime; hasTime: boolean } {
  const [, year, , month, day, hour, minute, second, suffix] = TIME.exec(text) ?? [];
  const zone = suffix === undefined ? ZONE : (ZONES[suffix] ?? 'UTC');
  const iso = `${year}-${month}-${day}T${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}`;
  const time = DateTime.fromISO(iso, { zone });
  // luxon moves a time that the spring change leaves out; such a time was never on a clock.
  if (!time.isValid || time.toFormat("yyyy-MM-dd'T'HH:mm:ss") !== iso) throw shape(place);
  // An hour that comes twice in autumn is the first one; luxon alone would ask today's offset.
  const [first = time] = time.getPossibleOffsets();
  return { time: first, hasTime: hour !== undefined };
}
