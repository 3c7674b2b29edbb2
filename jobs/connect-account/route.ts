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
} from '@track-record/store';
import { credentialFields, type CredentialField, type VenueIdentity } from '@track-record/venues';
import { checkPermissions, venueOf, wipe } from '../collect.ts';
import { settleUnchanged, venueContext, type RouteContext } from '../context.ts';
import { finalUntil, HOUR_MS, servedFrom } from '../hour.ts';
import { syncAccountQueue } from '../sync-account/queue.ts';
import type { ConnectAccountPayload } from './queue.ts';

/** What is stored of a login: the root of the account's keys, and each field under one of them. */
interface SealedLogin {
  readonly root: Uint8Array;
  readonly keyId: string;
  readonly fields: readonly { readonly field: CredentialField; readonly envelope: Uint8Array }[];
}

export async function connectAccount(
  payload: ConnectAccountPayload,
  context: RouteContext,
): Promise<void> {
  const intake = await loadRow(context.db, 'record.intake', payload.accountId);
  if (intake === null) return await settleConnected(payload.accountId, context);
  context.step('loaded');
  const root = sealAccountRoot(context.master, intake.accountId, context.random);
  const keys = openAccountKeys(context.master, intake.accountId, root);
  const secrets = await openIntake(context.intake.privateKey, intake.sealed, intake);
  try {
    context.step('opened');
    const credentials = knownFields(secrets);
    const identity = await identify(intake, credentials, context);
    context.step('fetched');
    const fields = sealAll(keys, intake.venue, credentials, context);
    const login = { root, keyId: keys.credential.id, fields };
    await commitAccount(intake, identity, login, context);
  } finally {
    wipe(secrets);
    keys.wipe();
  }
}

/** A repeat after the account was connected; a job for nothing at all is refused. */
async function settleConnected(accountId: string, context: RouteContext): Promise<void> {
  if ((await loadRow(context.db, 'record.account', accountId)) === null) {
    throw new RecordError('ACCOUNT_UNKNOWN');
  }
  await settleUnchanged(context);
}

function knownFields(secrets: ReadonlyMap<string, Secret>): Map<CredentialField, Secret> {
  const known = new Map<CredentialField, Secret>();
  for (const [name, secret] of secrets) {
    const field = credentialFields.find((each) => each === name);
    if (field === undefined) throw new RecordError('ENVELOPE_MALFORMED');
    known.set(field, secret);
  }
  return known;
}

async function identify(
  intake: Intake,
  credentials: ReadonlyMap<CredentialField, Secret>,
  context: RouteContext,
): Promise<VenueIdentity> {
  const venue = venueOf(intake.venue, context);
  if (intake.historyFrom < servedFrom(venue.capabilities, context.now())) {
    throw new RecordError('VENUE_HISTORY_SHORT');
  }
  const session = await venue.connect(credentials, venueContext(context));
  try {
    const identity = await session.identify();
    checkPermissions(identity.permissions, intake.allowTradingKey);
    return identity;
  } finally {
    await session.close();
  }
}

function sealAll(
  keys: AccountKeys,
  venue: string,
  credentials: ReadonlyMap<CredentialField, Secret>,
  context: RouteContext,
): SealedLogin['fields'] {
  return [...credentials].map(([field, secret]) => ({
    field,
    envelope: sealCredential(keys, { venue, field }, secret, context.random),
  }));
}

async function commitAccount(
  intake: Intake,
  identity: VenueIdentity,
  login: SealedLogin,
  context: RouteContext,
): Promise<void> {
  const { accountId, venue } = intake;
  const { capabilities } = venueOf(venue, context);
  const connectedAt = context.now();
  await context.db.transaction().execute(async (trx) => {
    const isNew = await insertAccount(trx, {
      accountId,
      ownerId: intake.ownerId,
      venue,
      reportingCurrency: intake.reportingCurrency ?? capabilities.quoteCurrency,
      historyFrom: intake.historyFrom,
      connectedAt,
      allowTradingKey: intake.allowTradingKey,
      venueAccountHash: context.master.venueAccountHash(venue, identity.venueAccountId),
    });
    if (!isNew) throw new RecordError('ACCOUNT_ALREADY_CONNECTED');
    const { root: envelope, keyId, fields } = login;
    const accountKey = { accountId, keyId: context.master.id, envelope };
    await insertRows(trx, 'record.account_key', [accountKey]);
    const credentials = fields.map((each) => ({ accountId, keyId, ...each }));
    await insertRows(trx, 'record.credential', credentials);
    await deleteIntake(trx, accountId);
    await saveStatus(trx, {
      accountId,
      lastHour: null,
      code: null,
      codeAt: null,
      hoursMissing: 0,
      syncing: true,
      updatedAt: connectedAt,
    });
    const hour = finalUntil(capabilities, connectedAt) - HOUR_MS;
    await context.enqueue(trx, syncAccountQueue(venue), [{ accountId, hour }]);
    context.step('written');
    await context.settle(trx, { hours: 0 });
  });
  context.step('committed');
}
