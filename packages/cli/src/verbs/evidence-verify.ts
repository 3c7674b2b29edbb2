// `track-record evidence verify`: does AMD hardware vouch for these keys, and is it the code that
// the policy expects? Offline. The file may come from anybody. Nothing is expected by default, so
// that without a policy that names measurements no evidence passes; the answer shows what it says.

import { parseEvidence, parseReport, type UnverifiedEvidence } from '@track-record/attestation';
import { checks, explainRefusal } from '@track-record/attestation/auditor';
import { type Code, RecordError } from '@track-record/errors';
import { expectationOf, policyJsonOf, trustAnchorsOf, verifyExpected } from '../evidence-input.ts';
import { instant, readJsonFile } from '../input.ts';
import { UsageError, type Verb, type VerbInput, type VerbOutput } from '../verb.ts';

/** Report, certificate table and binding, in base64 and hex, are below. */
const EVIDENCE_SIZE_BYTES_MAX = 256 * 1024;

type Json = Readonly<Record<string, unknown>>;

interface Verdict {
  readonly verdict: 'verified' | 'refused';
  readonly code: Code | null;
  /** Our own constant sentences. */
  readonly detail: string;
  /** What the evidence says: proven if and only if the verdict is `verified`. */
  readonly evidence: Json | null;
}

export const evidenceVerify: Verb = {
  name: 'evidence verify',
  summary: 'Verifies an enclave’s evidence offline and shows the keys that it is bound to.',
  example: 'evidence verify evidence.json --policy policy.json --json',
  options: {
    policy: { type: 'string' },
    release: { type: 'string' },
    at: { type: 'string' },
    'trust-anchors': { type: 'string' },
  },
  run: async (input) => outputOf(await judge(input)),
};

async function judge({ options, positionals }: VerbInput): Promise<Verdict> {
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('Give one evidence file.');
  const expected = await expectationOf(options, await policyJsonOf(options));
  const trustAnchors = await trustAnchorsOf(options);
  const now = instant(options, 'at', Date.now());
  const json = await readJsonFile(file, 'FILE', EVIDENCE_SIZE_BYTES_MAX);
  let seen: Json | null = null;
  try {
    const evidence = parseEvidence(json);
    seen = documentOf(evidence, null);
    const { report } = await verifyExpected(evidence, trustAnchors, expected, now);
    seen = documentOf(evidence, { product: report.product, reportedTcb: report.tcb.reported });
    const detail = [
      'Bound to these keys by a chip key that',
      options['trust-anchors'] === undefined
        ? 'a pinned AMD root vouches for.'
        : 'the given trust anchors vouch for; they are not AMD’s.',
      ...(expected.release === null
        ? []
        : [`Of release ${expected.release.version}, its code and its measurement.`]),
      'Not checked: revocation, and when it was collected.',
      ...(report.product === 'Milan' ? [`Caution: ${checks['policy.milan']}`] : []),
    ];
    return { verdict: 'verified', code: null, detail: detail.join(' '), evidence: seen };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return { verdict: 'refused', code: error.code, detail: explainRefusal(error), evidence: seen };
  }
}

function outputOf(verdict: Verdict): VerbOutput {
  const { code, detail, evidence } = verdict;
  const error = code === null ? {} : { error: { code } };
  const headline = code === null ? 'VERIFIED' : `REFUSED (${code})`;
  const lines = Object.entries(evidence ?? {}).map(
    ([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`,
  );
  return {
    document: { ...verdict, ...error },
    text: `${headline}\n  ${detail}\n${lines.join('')}`,
    failed: code !== null,
  };
}

/** `proven` is null for what only certificates tell, as long as they are not verified. */
function documentOf(evidence: UnverifiedEvidence, proven: Json | null): Json {
  const { fields } = parseReport(evidence.report);
  const keys = Object.entries(evidence.binding).map(([name, bytes]) => [
    name,
    Buffer.from(bytes).toString('hex'),
  ]);
  return {
    collectedAt: new Date(evidence.collectedAt).toISOString(),
    version: fields.version,
    product: null,
    signer: fields.signer,
    vmpl: fields.vmpl,
    debug: fields.debug,
    measurement: fields.measurement,
    reportData: fields.reportData,
    hostData: fields.hostData,
    chipId: fields.chipId,
    reportedTcb: null,
    ...proven,
    binding: Object.fromEntries(keys),
  };
}
