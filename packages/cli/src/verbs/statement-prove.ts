// `track-record statement prove`: asks the worker to sign that a record meets bounds over a period,
// and writes the claim with the evidence for its key to a file that `track-record verify` checks
// anywhere. The hours are not in it.

import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { RecordError } from '@track-record/errors';
import { createGateway, type ClaimAnswer, type RpcClient } from '@track-record/gateway';
import { buildClaimFile } from '@track-record/statement/claim';
import { requiredText } from '../input.ts';
import { isJudged, ownerOptions, withCertified, withEnclave } from '../remote/enclave-session.ts';
import { UsageError, type Verb, type VerbInput, type VerbOutput } from '../verb.ts';
import { parseEvidence } from './statement-export.ts';

const DEADLINE_MS = 60_000;
const POLL_MS = 250;
const TERM = /^([a-z_]+) ([a-z_]+) (-?[0-9.]+)$/;

export const statementProve: Verb = {
  name: 'statement prove',
  summary: 'Have bounds of a record signed without its hours, as a file that `verify` checks.',
  example:
    'statement prove --account 00000000-0000-4000-8000-000000000001 ' +
    '--from 2026-01-01T00:00:00Z --to 2026-07-01T00:00:00Z ' +
    "--terms 'sharpe_daily above 1, max_drawdown below 0.1, coverage at_least 1' " +
    '--certificate enclave.pem -o claim.json',
  options: {
    ...ownerOptions,
    from: { type: 'string' },
    to: { type: 'string' },
    terms: { type: 'string' },
    output: { type: 'string', short: 'o' },
    certificate: { type: 'string' },
  },
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  const { options } = input;
  const output = requiredText(options, 'output', 'FILE');
  const accountId = requiredText(options, 'account', 'ID');
  const terms = requiredText(options, 'terms', 'TERMS').split(/ *, */).map(readTerm);
  const from = requiredText(options, 'from', 'TIME');
  const to = requiredText(options, 'to', 'TIME');
  const { signed, code } = await prove(accountId, { from, to, terms });
  if (signed === null) throw new RecordError(code ?? 'RPC_DEADLINE');
  const fetch = (rpc: RpcClient) => rpc.attestation(new Uint8Array());
  const { evidence, signingPublicKey } = await (isJudged(options)
    ? withEnclave(input, ({ rpc }) => fetch(rpc))
    : withCertified(options, fetch));
  const file = buildClaimFile(signed, signingPublicKey, parseEvidence(evidence));
  await writeFile(output, `${JSON.stringify(file)}\n`);
  return {
    document: { file: output, from, to, terms },
    text: `${output}: ${terms.length} terms\n`,
  };
}

/** The URL holds a password, so it comes from the environment and not from the command line. */
async function prove(
  accountId: string,
  claim: Parameters<ReturnType<typeof createGateway>['requestClaim']>[2],
): Promise<ClaimAnswer> {
  const databaseUrl = process.env['DATABASE_GATEWAY_URL'];
  if (databaseUrl === undefined) {
    throw new RecordError('CONFIG_INVALID', { place: 'DATABASE_GATEWAY_URL' });
  }
  const gateway = createGateway({ databaseUrl });
  const claimId = randomUUID();
  const deadline = Date.now() + DEADLINE_MS;
  try {
    await gateway.requestClaim(claimId, accountId, claim);
    for (;;) {
      const answer = await gateway.claim(claimId);
      const isAnswered = answer !== null && (answer.signed !== null || answer.code !== null);
      if (isAnswered) return answer;
      if (Date.now() > deadline) throw new RecordError('RPC_DEADLINE');
      await wait(POLL_MS);
    }
  } finally {
    await gateway.close();
  }
}

function readTerm(text: string): { metric: string; comparison: string; threshold: string } {
  const [, metric, comparison, threshold] = TERM.exec(text.trim()) ?? [];
  if (metric === undefined || comparison === undefined || threshold === undefined) {
    throw new UsageError(`--terms are such as 'sharpe_daily above 1, max_drawdown below 0.1'.`);
  }
  return { metric, comparison, threshold };
}
