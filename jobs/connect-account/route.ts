// Opens a record: takes the credentials that the owner's client sealed to this enclave, tries them
// at the venue, and seals them again under the account's own key. The venue account is known by a
// keyed hash, so that one venue account has one record whatever key reads it; a record that is open
// takes new credentials of the same venue account and no others.

import { RecordError } from '@track-record/errors';
import {
  openAccountKeys,
  sealAccountRoot,
  sealCredential,
  type Secret,
} from '@track-record/sealing';
import { openIntake } from '@track-record/sealing/intake';
import {
  deleteIntake,
  insertAccount,
  insertRows,
  loadRow,
  ownerOfRecord,
  replaceCredentials,
  saveStatus,
  type Database,
  type Intake,
  type SealedCredential,
} from '@track-record/store';
import type { CredentialField, Venue } from '@track-record/venues/contract';
import type { Transaction } from 'kysely';
import { askVenue, credentialField, venueOf, wipe } from '../collect.ts';
import { settleUnchanged, type RouteContext } from '../context.ts';
import { finalUntil, HOUR_MS, servedFrom } from '../hour.ts';
import type { AccountPayload } from '../queue.ts';
import { backfillAccountQueue, syncAccountQueue } from '../sync-account/queue.ts';

/** What is stored of a login: the root of the account's keys, and each field under one of them. */
interface SealedLogin {
  readonly venueAccountHash: string;
  readonly root: Uint8Array;
  readonly credentials: readonly SealedCredential[];
}

export async function connectAccount(
  { accountId }: AccountPayload,
  context: RouteContext,
): Promise<void> {
  const intake = await loadRow(context.db, 'record.intake', accountId);
  if (intake === null) return await settleConnected(accountId, context);
  const account = await loadRow(context.db, 'record.account', accountId);
  context.step('loaded');
  const root =
    account === null
      ? sealAccountRoot(context.master, accountId, context.random)
      : await loadRoot(accountId, context);
  const secrets = await openIntake(context.intake, intake.sealed, intake);
  try {
    context.step('opened');
    const fields = new Map(
      [...secrets].map(([name, secret]) => [credentialField(name, 'ENVELOPE_MALFORMED'), secret]),
    );
    const venue = venueOf(intake.venue, context);
    if (account === null) checkHistory(intake, venue, context);
    const { allowTradingKey } = account ?? intake;
    const identity = await askVenue(venue, fields, allowTradingKey, context, async (_, who) => who);
    context.step('fetched');
    const venueAccountHash = context.root.venueAccountHash(intake.venue, identity.venueAccountId);
    if (account !== null && account.venueAccountHash !== venueAccountHash) {
      throw new RecordError('VENUE_ACCOUNT_CHANGED');
    }
    const credentials = sealAll(intake, root, fields, context);
    const login = { venueAccountHash, root, credentials };
    await commitLogin(intake, account === null, venue, login, context);
  } finally {
    wipe(secrets);
  }
}

/** A repeat after the account was connected; a job for nothing at all is refused. */
async function settleConnected(accountId: string, context: RouteContext): Promise<void> {
  const account = await loadRow(context.db, 'record.account', accountId);
  if (account === null) throw new RecordError('ACCOUNT_UNKNOWN');
  await settleUnchanged(context);
}

async function loadRoot(accountId: string, context: RouteContext): Promise<Uint8Array> {
  const root = await loadRow(context.db, 'record.account_key', accountId);
  if (root === null) throw new RecordError('KEY_UNKNOWN');
  return root.envelope;
}

function checkHistory({ historyFrom }: Intake, { capabilities }: Venue, { now }: RouteContext) {
  if (historyFrom < servedFrom(capabilities, now())) throw new RecordError('VENUE_HISTORY_SHORT');
}

function sealAll(
  { accountId, venue }: Intake,
  root: Uint8Array,
  fields: ReadonlyMap<CredentialField, Secret>,
  context: RouteContext,
): SealedCredential[] {
  const keys = openAccountKeys(context.master, accountId, root);
  try {
    return [...fields].map(([field, secret]) => ({
      accountId,
      field,
      keyId: keys.credential.id,
      envelope: sealCredential(keys, { venue, field }, secret, context.random),
    }));
  } finally {
    keys.wipe();
  }
}

async function commitLogin(
  intake: Intake,
  isNew: boolean,
  { capabilities }: Venue,
  login: SealedLogin,
  context: RouteContext,
): Promise<void> {
  const { accountId, venue } = intake;
  const at = context.now();
  await context.db.transaction().execute(async (trx) => {
    await takeIntake(trx, intake);
    if (isNew) await openAccount(trx, intake, capabilities.quoteCurrency, login, context);
    const isActive = isNew || (await replaceCredentials(trx, accountId));
    await insertRows(trx, 'record.credential', login.credentials);
    const status = await loadRow(trx, 'record.account_status', accountId);
    const tried = { accountId, code: null, codeAt: null, syncing: isActive, updatedAt: at };
    await saveStatus(trx, { ...status, ...tried });
    const hour = finalUntil(capabilities, at) - HOUR_MS;
    const queue = isNew ? backfillAccountQueue(venue) : syncAccountQueue(venue);
    if (isActive) await context.enqueue(trx, queue, [{ accountId, hour }]);
    context.step('written');
    await context.settle(trx, { hours: 0 });
  });
  context.step('committed');
}

/**
 * What was tried is what is handed in now: an account that was forgotten meanwhile is not connected
 * after all, and what was handed in since is tried first.
 */
async function takeIntake(trx: Transaction<Database>, tried: Intake): Promise<void> {
  if (await deleteIntake(trx, tried.accountId, tried.sealed)) return;
  const other = await loadRow(trx, 'record.intake', tried.accountId);
  throw new RecordError(other === null ? 'ACCOUNT_UNKNOWN' : 'STORE_CONFLICT');
}

async function openAccount(
  trx: Transaction<Database>,
  { sealed: _taken, ...intake }: Intake,
  quoteCurrency: string,
  { venueAccountHash, root }: SealedLogin,
  context: RouteContext,
): Promise<void> {
  const { accountId, ownerId } = intake;
  const owner = await ownerOfRecord(trx, venueAccountHash, ownerId);
  if (owner !== null && owner !== ownerId) throw new RecordError('ACCOUNT_OF_ANOTHER_OWNER');
  if (owner !== null) throw new RecordError('ACCOUNT_ALREADY_CONNECTED');
  const isInserted = await insertAccount(trx, {
    ...intake,
    reportingCurrency: intake.reportingCurrency ?? quoteCurrency,
    connectedAt: context.now(),
    venueAccountHash,
  });
  if (!isInserted) throw new RecordError('ACCOUNT_ALREADY_CONNECTED');
  const accountKey = { accountId, keyId: context.master.id, envelope: root };
  await insertRows(trx, 'record.account_key', [accountKey]);
}
