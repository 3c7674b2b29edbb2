// Steps 4 to 6 of the route: open the credentials, ask the venue, and forget the credentials again
// before any arithmetic. What comes back is complete or this throws.

import { RecordError, type Code } from '@track-record/errors';
import { openCredential, type Secret } from '@track-record/sealing';
import type { Account } from '@track-record/store';
import { collect, type Collected } from '@track-record/venues/collect';
import {
  credentialFields,
  type CredentialField,
  type Permissions,
  type Venue,
  type VenueIdentity,
  type VenueSession,
} from '@track-record/venues/contract';
import { venueContext, type RouteContext } from './context.ts';
import type { Subject } from './subject.ts';

export interface Visit {
  readonly identity: VenueIdentity;
  readonly collected: Collected;
}

/**
 * Everything from `from` to the venue's present, with the balances and positions at that instant.
 */
export async function visitVenue(
  { account, venue, keys, state }: Subject,
  from: number,
  cursor: string | null,
  context: RouteContext,
): Promise<Visit> {
  const credentials = new Map<CredentialField, Secret>();
  try {
    for (const [index, envelope] of account.envelopes.entries()) {
      const field = credentialField(String(account.fields[index]), 'STORE_ROW_UNTRUSTED');
      credentials.set(field, openCredential(keys, { venue: account.venue, field }, envelope));
    }
    context.step('opened');
    const { allowTradingKey } = account;
    return await askVenue(
      venue,
      credentials,
      allowTradingKey,
      context,
      async (session, identity) => {
        checkSameVenueAccount(account, identity, context);
        const unstated =
          state === null
            ? undefined
            : { ...state, from: state.checkpoint.asOf, entries: state.recent };
        const collected = await collect(session, from, cursor, unstated);
        context.asked(collected.requests);
        return { identity, collected };
      },
    );
  } finally {
    wipe(credentials);
  }
}

/** One session, in which it is asked before anything else who the key is and what it may do. */
export async function askVenue<Answer>(
  venue: Venue,
  credentials: ReadonlyMap<CredentialField, Secret>,
  allowTradingKey: boolean,
  context: RouteContext,
  ask: (session: VenueSession, identity: VenueIdentity) => Promise<Answer>,
): Promise<Answer> {
  const session = await venue.connect(credentials, venueContext(context));
  try {
    const identity = await session.identify();
    checkPermissions(identity.permissions, allowTradingKey);
    return await ask(session, identity);
  } finally {
    await session.close();
  }
}

export function venueOf(id: string, context: RouteContext): Venue {
  const venue = context.venues.get(id);
  if (venue === undefined) throw new RecordError('VENUE_UNKNOWN');
  return venue;
}

/** The field of this name, or `refusal`. */
export function credentialField(name: string, refusal: Code): CredentialField {
  const field = credentialFields.find((each) => each === name);
  if (field === undefined) throw new RecordError(refusal);
  return field;
}

export function wipe(secrets: ReadonlyMap<string, Secret>): void {
  for (const secret of secrets.values()) secret.wipe();
}

/** A key that can move money is refused unless the owner accepted it in so many words. */
function checkPermissions(permissions: Permissions, allowTradingKey: boolean): void {
  if (!permissions.read) throw new RecordError('VENUE_SCOPE_MISSING');
  if ((permissions.trade || permissions.withdraw) && !allowTradingKey) {
    throw new RecordError('VENUE_KEY_CAN_WITHDRAW');
  }
}

/** A new key of the same venue account continues the record; a key of another one must not. */
function checkSameVenueAccount(
  account: Account,
  identity: VenueIdentity,
  context: RouteContext,
): void {
  const hash = context.root.venueAccountHash(account.venue, identity.venueAccountId);
  if (hash !== account.venueAccountHash) throw new RecordError('VENUE_ACCOUNT_CHANGED');
}
