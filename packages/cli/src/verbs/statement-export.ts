// `track-record statement export`: the statements of an account and the evidence for the key that
// signed them, in one file that `track-record verify` checks anywhere. It asks the worker's door
// and trusts nothing it gets: a chain that does not verify is not written.

import { readFile, writeFile } from 'node:fs/promises';
import { RecordError } from '@track-record/errors';
import { connectRpc } from '@track-record/gateway';
import { buildExport, type ExportFile } from '@track-record/statement/export';
import { instant, requiredText } from '../input.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

const DEADLINE_MS = 60_000;
/** The door takes no instant beyond the year 9999. */
const LAST_INSTANT = Date.UTC(9999, 0, 1);

export const statementExport: Verb = {
  name: 'statement export',
  summary: "Write an account's signed statements to a file that `verify` checks.",
  example:
    'statement export --account 00000000-0000-4000-8000-000000000001 ' +
    '--certificate enclave.pem -o record.json',
  options: {
    account: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    output: { type: 'string', short: 'o' },
    endpoint: { type: 'string', default: '127.0.0.1:50051' },
    certificate: { type: 'string' },
  },
  run,
};

async function run({ options, progress }: VerbInput): Promise<VerbOutput> {
  const output = requiredText(options, 'output', 'FILE');
  const file = await fetchExport(
    requiredText(options, 'account', 'ID'),
    { from: instant(options, 'from', 0), to: instant(options, 'to', LAST_INSTANT) },
    requiredText(options, 'endpoint', 'HOST:PORT'),
    await readCertificate(requiredText(options, 'certificate', 'FILE')),
  );
  await writeFile(output, `${JSON.stringify(file)}\n`);
  progress(`${file.statements.length} statements`);
  const { from, to, hours, measured } = file.summary;
  return {
    document: { file: output, account: file.account, summary: file.summary },
    text: `${output}: ${hours} hours from ${from} to ${to}, ${measured} measured\n`,
  };
}

async function fetchExport(
  accountId: string,
  window: { readonly from: number; readonly to: number },
  endpoint: string,
  rootCertificatePem: string,
): Promise<ExportFile> {
  const trust = { rootCertificatePem };
  const rpc = await connectRpc({ endpoint, trust, deadlineMs: DEADLINE_MS });
  try {
    const attestation = await rpc.attestation(new Uint8Array());
    const statements: { bytes: Uint8Array; signature: Uint8Array }[] = [];
    for await (const { body, signature } of rpc.statements(accountId, window.from, window.to)) {
      statements.push({ bytes: body, signature });
    }
    if (statements.length === 0) throw new RecordError('ACCOUNT_UNKNOWN');
    const evidence = parseEvidence(attestation.evidence);
    return await buildExport({ publicKey: attestation.signingPublicKey, evidence, statements });
  } finally {
    rpc.close();
  }
}

function parseEvidence(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const evidence: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  if (typeof evidence !== 'object' || evidence === null || Array.isArray(evidence)) {
    throw new RecordError('RPC_ANSWER_MALFORMED');
  }
  return Object.fromEntries(Object.entries(evidence));
}

async function readCertificate(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new RecordError('ARGUMENT_INVALID', { cause, place: 'certificate' });
  }
}
