// One entry per id: pages overlap on purpose, and a venue may tell a row twice. The same id with another
// content is not a duplicate but a contradiction, and stops the fetch.

import { RecordError } from '@track-record/errors';
import type { Entry, Window } from '@track-record/ledger';

/** The entries inside the half-open window, in order of time and id. LEDGER_ENTRY_CONFLICT. */
export function distinctEntries(entries: readonly Entry[], window: Window): readonly Entry[] {
  const byId = new Map<string, Entry>();
  for (const entry of entries) {
    if (entry.at < window.from || entry.at >= window.to) continue;
    const known = byId.get(entry.id);
    if (known !== undefined && contentOf(known) !== contentOf(entry)) {
      throw new RecordError('LEDGER_ENTRY_CONFLICT');
    }
    byId.set(entry.id, entry);
  }
  return [...byId.values()].toSorted(
    (left, right) => left.at - right.at || (left.id < right.id ? -1 : 1),
  );
}

function contentOf(entry: Entry): string {
  return JSON.stringify(entry, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}
