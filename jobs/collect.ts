// Steps 4 to 6 of the route: open the credentials, ask the venue, and forget the credentials again
// before any arithmetic. What comes back is complete or this throws.

import { RecordError } from '@track-record/errors';
import { openCredential, type AccountKeys, type Secret } from '@track-record/sealing';
import { loadCredentials, type Account } from '@track-record/store';
import {
  collect,
  credentialFields,
  type Collected,
  type CredentialField,
  type Permissions,
  type Venue,
  type VenueIdentity,
} from '@track-record/venues';
import { venueContext, type RouteContext } from './context.ts';

export interface Visit {
  readonly identity: VenueIdentity;
  readonly collected: Collected;
}

/**
 * Everything from `from` to the venue's present, with the balances and positions at that instant.
 */
export async function visitVenue(
  account: Account,
  keys: AccountKeys,
  from: number,
  cursor: string | null,
  context: RouteContext,
): Promise<Visit> {
  const venue = venueOf(account.venue, context);
  const credentials = await openCredentials(account, keys, context);
  try {
    context.step('opened');
    const session = await venue.connect(credentials, venueContext(context));
    try {
      const identity = await session.identify();
      checkPermissions(identity.permissions, account.allowTradingKey);
      checkSameVenueAccount(account, identity, context);
      return { identity, collected: await collect(session, from, cursor) };
    } finally {
      await session.close();
    }
  } finally {
    wipe(credentials);
  }
}

export function venueOf(id: string, context: RouteContext): Venue {
  const venue = context.venues.get(id);
  if (venue === undefined) throw new RecordError('VENUE_UNKNOWN');
  return venue;
}

/** A key that can move money is refused unless the owner accepted it in so many words. */
export function checkPermissions(permissions: Permissions, allowTradingKey: boolean): void {
  if (!permissions.read) throw new RecordError('VENUE_SCOPE_MISSING');
  if ((permissions.trade || permissions.withdraw) && !allowTradingKey) {
    throw new RecordError('VENUE_KEY_CAN_WITHDRAW');
  }
}

export function wipe(secrets: ReadonlyMap<string, Secret>): void {
  for (const secret of secrets.values()) secret.wipe();
}

/** A new key of the same venue account continues the record; a key of another one must not. */
function checkSameVenueAccount(
  account: Account,
  identity: VenueIdentity,
  context: RouteContext,
): void {
  const hash = context.master.venueAccountHash(account.venue, identity.venueAccountId);
  if (hash !== account.venueAccountHash) throw new RecordError('VENUE_ACCOUNT_CHANGED');
}

async function openCredentials(
  account: Account,
  keys: AccountKeys,
  context: RouteContext,
): Promise<Map<CredentialField, Secret>> {
  const opened = new Map<CredentialField, Secret>();
  for (const row of await loadCredentials(context.db, account.accountId)) {
    const field = credentialFields.find((name) => name === row.field);
    if (field === undefined) throw new RecordError('STORE_ROW_UNTRUSTED');
    opened.set(field, openCredential(keys, { venue: account.venue, field }, row.envelope));
  }
  return opened;
}
