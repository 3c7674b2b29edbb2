// `track-record watch`: the same as it changes, with a bar for what is being rebuilt, until nothing
// is left to wait for.

import { performance } from 'node:perf_hooks';
import type { AccountStatus, Enclave } from '@track-record/gateway';
import { isSettled, isStopped, progressLine } from '../remote/account-status.ts';
import { statusDocument, statusText } from '../remote/account-status.ts';
import {
  AS_CLIENT,
  ownerOptions,
  requiredUuid,
  uuidOf,
  withEnclave,
} from '../remote/enclave-session.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

export const watch: Verb = {
  name: 'watch',
  summary: "Follow an owner's accounts until nothing is left to wait for.",
  example: `watch --owner 00000000-0000-4000-8000-000000000002 ${AS_CLIENT}`,
  options: ownerOptions,
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  const ownerId = requiredUuid(input.options, 'owner');
  const accountId = uuidOf(input.options, 'account');
  const accounts = await withEnclave(input, (enclave) =>
    follow(enclave, ownerId, accountId, progressPrinter(input.progress)),
  );
  return {
    document: { accounts: accounts.map(statusDocument) },
    text: statusText(accounts),
    failed: accounts.some(isStopped),
  };
}

async function follow(
  enclave: Enclave,
  ownerId: string,
  accountId: string | null,
  print: (accounts: readonly AccountStatus[]) => void,
): Promise<readonly AccountStatus[]> {
  const known = new Map<string, AccountStatus>();
  const accounts = (): readonly AccountStatus[] => [...known.values()];
  for await (const changed of enclave.watch(ownerId, accountId)) {
    for (const each of changed) known.set(each.accountId, each);
    print(accounts());
    if (accounts().every(isSettled)) break;
  }
  return accounts();
}

/** On a terminal the lines stay where they are and change; elsewhere only what changed is said. */
function progressPrinter(
  progress: VerbInput['progress'],
): (accounts: readonly AccountStatus[]) => void {
  const began = performance.now();
  const doneAtFirst = new Map<string, number>();
  let shown: readonly string[] = [];
  return (accounts) => {
    const elapsedMs = performance.now() - began;
    const lines = accounts.map((account) => {
      const { accountId, backfill } = account;
      const hoursDone = doneAtFirst.get(accountId) ?? backfill?.hoursDone ?? null;
      if (hoursDone !== null) doneAtFirst.set(accountId, hoursDone);
      return progressLine(account, { hoursDone: hoursDone ?? 0, elapsedMs });
    });
    const { isTTY, columns } = process.stderr;
    if (isTTY) {
      const back = shown.length === 0 ? '' : `\u001B[${shown.length}A\u001B[J`;
      progress(`${back}${lines.map((line) => line.slice(0, columns - 1)).join('\n')}`);
    } else {
      for (const line of lines.filter((each) => !shown.includes(each))) progress(line);
    }
    shown = lines;
  };
}
