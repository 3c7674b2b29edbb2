// Accounts as `accounts list` and `hours missing` print them.

import type { AccountRow } from '@track-record/store/operator';
import { minuteOf, tableOf, type Column } from './table.ts';

export function accountsTable(accounts: readonly AccountRow[]): string {
  const columns: readonly Column<AccountRow>[] = [
    { title: 'account', of: ({ accountId }) => accountId },
    { title: 'venue', of: ({ venue }) => venue },
    { title: 'state', of: ({ state, syncing }) => (syncing ? `${state}, syncing` : state) },
    { title: 'last hour', of: ({ lastHour }) => minuteOf(lastHour) },
    { title: 'missing', of: ({ hoursMissing }) => hoursMissing, right: true },
    { title: 'code', of: ({ code }) => code ?? '' },
  ];
  return tableOf(columns, accounts, 'No such account.');
}
