// `track-record status`: how far an owner's accounts are, as the enclave's door tells it, with what
// to do about what stopped one.

import { statusDocument, statusText } from '../remote/account-status.ts';
import {
  AS_CLIENT,
  ownerOptions,
  requiredUuid,
  uuidOf,
  withEnclave,
} from '../remote/enclave-session.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

export const status: Verb = {
  name: 'status',
  summary: "Ask an enclave how far an owner's accounts are, and what stopped one.",
  example: `status --owner 00000000-0000-4000-8000-000000000002 ${AS_CLIENT}`,
  options: ownerOptions,
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  const ownerId = requiredUuid(input.options, 'owner');
  const accountId = uuidOf(input.options, 'account');
  const accounts = await withEnclave(input, (enclave) => enclave.status(ownerId, accountId));
  return { document: { accounts: accounts.map(statusDocument) }, text: statusText(accounts) };
}
