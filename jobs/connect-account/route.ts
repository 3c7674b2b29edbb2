// Opens a record: takes the credentials that the owner's client sealed to this enclave, tries them
// at the venue, and seals them again under the account's own key. The venue account is known by a
// keyed hash, so that one venue account has one record whatever key reads it.

import { RecordError } from '@track-record/errors';
import {
  openAccountKeys,
  sealAccountRoot,
  sealCredential,
  type AccountKeys,
  type Secret,
} from '@track-record/sealing';
import { openIntake } from '@track-record/sealing/intake';
import {
  deleteIntake,
  insertAccount,
  insertRows,
  loadRow,
  saveStatus,
  type Intake,
  type SealedCredential,
} from '@track-record/store';
import type { CredentialField, Venue, VenueIdentity } from '@track-record/venues';
import { askVenue, credentialField, venueOf, wipe } from '../collect.ts';
import { settleUnchanged, type RouteContext } from '../context.ts';
import { finalUntil, HOUR_MS, servedFrom } from '../hour.ts';
import type { AccountPayload } from '../queue.ts';
import { syncAccountQueue } from '../sync-account/queue.ts';

/** What is stored of a login: the root of the account's keys, and each field under one of them. */
interface SealedLogin {
  readonly root: Uint8Array;
  readonly credentials: readonly SealedCredential[];
}

export async function connectAccount(
  { accountId }: AccountPayload,
  context: RouteContext,
): Promise<void> {
  const intake = await loadRow(context.db, 'record.intake', accountId);
  if (intake === null) return await settleConnected(accountId, context);
  context.step('loaded');
  const root = sealAccountRoot(context.master, accountId, context.random);
  const keys = openAccountKeys(context.master, accountId, root);
  const secrets = await openIntake(context.intake.privateKey, intake.sealed, intake);
  try {
    context.step('opened');
    const fields = new Map(
      [...secrets].map(([name, secret]) => [credentialField(name, 'ENVELOPE_MALFORMED'), secret]),
    );
    const venue = venueOf(intake.venue, context);
    const identity = await identify(intake, venue, fields, context);
    context.step('fetched');
    const credentials = sealAll(keys, intake.venue, fields, context);
    await commitAccount(intake, venue, identity, { root, credentials }, context);
  } finally {
    wipe(secrets);
    keys.wipe();
  }
}

/** A repeat after the account was connected; a job for nothing at all is refused. */
async function settleConnected(accountId: string, context: RouteContext): Promise<void> {
  const account = await loadRow(context.db, 'record.account', accountId);
  if (account === null) throw new RecordError('ACCOUNT_UNKNOWN');
  await settleUnchanged(context);
}

async function identify(
  intake: Intake,
  venue: Venue,
  fields: ReadonlyMap<CredentialField, Secret>,
  context: RouteContext,
): Promise<VenueIdentity> {
  if (intake.historyFrom < servedFrom(venue.capabilities, context.now())) {
    throw new RecordError('VENUE_HISTORY_SHORT');
  }
  return askVenue(venue, fields, intake.allowTradingKey, context, async (_, identity) => identity);
}

function sealAll(
  keys: AccountKeys,
  venue: string,
  fields: ReadonlyMap<CredentialField, Secret>,
  context: RouteContext,
): SealedCredential[] {
  return [...fields].map(([field, secret]) => ({
    accountId: keys.accountId,
    field,
    keyId: keys.credential.id,
    envelope: sealCredential(keys, { venue, field }, secret, context.random),
  }));
}

async function commitAccount(
  intake: Intake,
  { capabilities }: Venue,
  identity: VenueIdentity,
  login: SealedLogin,
  context: RouteContext,
): Promise<void> {
  const { accountId, ownerId, venue, historyFrom, allowTradingKey } = intake;
  const connectedAt = context.now();
  await context.db.transaction().execute(async (trx) => {
    const isNew = await insertAccount(trx, {
      accountId,
      ownerId,
      venue,
      reportingCurrency: intake.reportingCurrency ?? capabilities.quoteCurrency,
      historyFrom,
      connectedAt,
      allowTradingKey,
      venueAccountHash: context.root.venueAccountHash(venue, identity.venueAccountId),
    });
    if (!isNew) throw new RecordError('ACCOUNT_ALREADY_CONNECTED');
    const accountKey = { accountId, keyId: context.master.id, envelope: login.root };
    await insertRows(trx, 'record.account_key', [accountKey]);
    await insertRows(trx, 'record.credential', login.credentials);
    await deleteIntake(trx, accountId);
    await saveStatus(trx, { accountId, syncing: true, updatedAt: connectedAt });
    const hour = finalUntil(capabilities, connectedAt) - HOUR_MS;
    await context.enqueue(trx, syncAccountQueue(venue), [{ accountId, hour }]);
    context.step('written');
    await context.settle(trx, { hours: 0 });
  });
  context.step('committed');
}
