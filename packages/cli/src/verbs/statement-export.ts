// `track-record statement export`: the statements of an account and the evidence for the key that
// signed them, in one file that `track-record verify` checks anywhere. It asks the worker's door,
// once its evidence has passed a policy or under the certificate that is named, and trusts nothing
// it gets: a chain that does not verify is not written.

import { writeFile } from 'node:fs/promises';
import { RecordError } from '@track-record/errors';
import type { RpcClient } from '@track-record/gateway';
import { buildExport, type ExportFile } from '@track-record/statement/export';
import { instant, requiredText } from '../input.ts';
import { proofFromLog } from '../log-input.ts';
import { isJudged, ownerOptions, withCertified, withEnclave } from '../remote/enclave-session.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

/** The door takes no instant beyond the year 9999. */
const LAST_INSTANT = Date.UTC(9999, 0, 1);

export const statementExport: Verb = {
  name: 'statement export',
  summary: "Write an account's signed statements to a file that `verify` checks.",
  example:
    'statement export --account 00000000-0000-4000-8000-000000000001 ' +
    '--certificate enclave.pem -o record.json',
  options: {
    ...ownerOptions,
    from: { type: 'string' },
    to: { type: 'string' },
    output: { type: 'string', short: 'o' },
    certificate: { type: 'string' },
    log: { type: 'string' },
  },
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  const { options, progress } = input;
  const output = requiredText(options, 'output', 'FILE');
  const account = requiredText(options, 'account', 'ID');
  const window = {
    fromMs: instant(options, 'from', 0),
    toMs: instant(options, 'to', LAST_INSTANT),
  };
  const fetch = (rpc: RpcClient) => fetchExport(rpc, account, window, options['log']);
  const file = await (isJudged(options)
    ? withEnclave(input, ({ rpc }) => fetch(rpc))
    : withCertified(options, fetch));
  await writeFile(output, `${JSON.stringify(file)}\n`);
  progress(`${file.statements.length} statements`);
  const { from, to, hours, measured } = file.summary;
  return {
    document: { file: output, account: file.account, summary: file.summary },
    text: `${output}: ${hours} hours from ${from} to ${to}, ${measured} measured\n`,
  };
}

async function fetchExport(
  rpc: RpcClient,
  accountId: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  log: unknown,
): Promise<ExportFile> {
  const attestation = await rpc.attestation(new Uint8Array());
  const statements: { bytes: Uint8Array; signature: Uint8Array }[] = [];
  for await (const { body, signature } of rpc.statements(accountId, fromMs, toMs)) {
    statements.push({ bytes: body, signature });
  }
  if (statements.length === 0) throw new RecordError('ACCOUNT_UNKNOWN');
  const evidence = parseEvidence(attestation.evidence);
  const parts = { publicKey: attestation.signingPublicKey, evidence, statements };
  if (typeof log !== 'string') return await buildExport(parts);
  return await buildExport({ ...parts, prove: (head) => proofFromLog(log, head) });
}

export function parseEvidence(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const evidence: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  if (typeof evidence !== 'object' || evidence === null || Array.isArray(evidence)) {
    throw new RecordError('RPC_ANSWER_MALFORMED');
  }
  return Object.fromEntries(Object.entries(evidence));
}
