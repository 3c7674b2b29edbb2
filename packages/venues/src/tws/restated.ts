// What a share is worth after its company changed it while no market was open: a split, a merger, a
// spin-off. It is booked hours before anything trades at the new price, and a close carried as it
// was would double what is held until the morning. The value is carried instead: nothing is gained
// or lost by the change itself.

import { add, divide, multiply, sign, subtract, ZERO } from '@track-record/ledger';
import type { Anchor, Decimal, Mark } from '@track-record/ledger';
import type { Told } from '../ibkr/entries.ts';
import type { Closes } from './bars.ts';

const HOUR_MS = 3_600_000;
/** More digits than any close has. */
const RESTATED_SCALE = 18;

/** One mark each at the full hour that follows; none where the new value is not known. */
export async function restatedMarks(
  { entries }: Told,
  { positions }: Anchor,
  closesUntil: (conid: string, at: number) => Promise<Closes>,
): Promise<readonly Mark[]> {
  const moves = entries.flatMap(({ position, ...entry }) =>
    position ? [{ ...entry, position }] : [],
  );
  const heldAt = (conid: string, from: number): Decimal => {
    const later = moves.filter(({ at, position }) => at >= from && position.instrument === conid);
    const now = positions.find(({ instrument }) => instrument === conid)?.contracts ?? ZERO;
    return later.reduce((held, { position }) => subtract(held, position.contracts), now);
  };
  const marks: Mark[] = [];
  const actions = moves.filter(({ kind }) => kind === 'conversion');
  for (const [since, group] of Map.groupBy(actions, ({ at }) => at)) {
    const at = since - (since % HOUR_MS) + HOUR_MS;
    const shares = [...new Set(group.map(({ position }) => position.instrument))].map((conid) => ({
      conid,
      before: heldAt(conid, since),
      after: heldAt(conid, since + 1),
    }));
    const fresh = shares.filter(({ before }) => sign(before) === 0);
    // Money that is paid besides, or several that come: which is worth what, nobody tells.
    const isClear = fresh.length < 2 && group.every(({ postings }) => postings.length === 0);
    let left: Decimal | null = isClear ? ZERO : null;
    for (const { conid, before, after } of shares.filter((each) => !fresh.includes(each))) {
      const closes = await closesUntil(conid, at);
      const close = closes.get(Math.max(...closes.keys()));
      const value = close === undefined ? null : multiply(close, before);
      const isGone = sign(after) === 0;
      if (isGone) left = left === null || value === null ? null : add(left, value);
      else if (value !== null) marks.push(markOf(conid, at, value, after));
    }
    // What is spun off is still in the price of what it came from, and worth nothing beside it.
    for (const { conid, after } of left === null ? [] : fresh)
      marks.push(markOf(conid, at, left ?? ZERO, after));
  }
  return marks;
}

function markOf(instrument: string, at: number, value: Decimal, after: Decimal): Mark {
  return { instrument, at, price: divide(value, after, RESTATED_SCALE) };
}
