// `track-record verify`: one verdict per statement file, offline. It needs no network, no database
// and no trust in whoever handed over the file; it says what was not checked in the same breath.

import assert from 'node:assert';
import { codes } from '@track-record/errors';
import { formatDecimal, multiply, parseDecimal, round } from '@track-record/ledger';
import { MERGED, type StatementBody } from '@track-record/statement';
import {
  verifyExport,
  type Check,
  type CheckName,
  type ExportPolicy,
  type ExportVerdict,
  type VerifiedExport,
} from '@track-record/statement/export';
import { verifyClaimFile } from '@track-record/statement/claim';
import { parseLogTrust } from '@track-record/statement/log';
import { claimText, isClaimFile, type ClaimFileVerdict } from '../claim-text.ts';
import { evidenceCheck, expectationOf, trustAnchorsOf, verifyPolicyOf } from '../evidence-input.ts';
import { instant, readTextFile } from '../input.ts';
import { knownCheckpointOf } from '../log-input.ts';
import { UsageError, type Verb, type VerbInput, type VerbOutput } from '../verb.ts';

/** Eleven years of hours with their signatures are below; a larger file is no record. */
const FILE_SIZE_BYTES_MAX = 128 * 1024 * 1024;
const HOUR_MS = 3_600_000;
/** docs/statement.md: ten minutes until the venue's entries are final, ten for the work. */
const LATE_AFTER_MS = 1_200_000;
const HUNDRED = parseDecimal('100');

interface FileVerdict extends ExportVerdict {
  readonly file: string;
  /** Whose word on hardware counted. */
  readonly trustAnchors: 'AMD' | 'given';
}

const DEVELOPMENT = 'signed by a development enclave: no hardware evidence';
const NOT_AMD = 'evidence vouches for the enclave under the given trust anchors, not AMD’s';

/** What each check means to somebody who has never seen the format. */
const sentences: Readonly<Record<CheckName, { passed: string; failed: string; open: string }>> = {
  format: {
    passed: 'the file has the documented form',
    failed: 'the file does not have the documented form',
    open: 'the form of the file',
  },
  evidence: {
    passed: 'hardware evidence vouches for the enclave',
    failed: 'no hardware evidence that the policy accepts vouches for the enclave that signed',
    open: 'whether hardware vouches for the enclave that signed',
  },
  'key binding': {
    passed: 'the evidence names the key that signed',
    failed: 'the evidence does not name the key that signed',
    open: 'whether the evidence names the key that signed',
  },
  signatures: {
    passed: 'every hour is signed by that key, unaltered',
    failed: 'an hour is altered, or not signed by that key',
    open: 'the signatures',
  },
  links: {
    passed: 'every hour links to the one before: none is missing, reordered or replaced',
    failed: 'an hour is missing, reordered or replaced',
    open: 'whether hours are missing, reordered or replaced',
  },
  inception: {
    passed: 'the record begins at its first hour',
    failed: 'the record does not begin at its first hour',
    open: 'what came before: the file does not begin at the first hour of the record',
  },
  times: {
    passed: 'no hour is dated in the future',
    failed: 'an hour is dated in the future',
    open: 'the dates',
  },
  figures: {
    passed: 'the stated figures follow from the hours',
    failed: 'the stated figures do not follow from the hours',
    open: 'whether the stated figures follow from the hours',
  },
  'log history': {
    passed: 'the public log still holds everything that it held at the checkpoint known before',
    failed: 'the public log is not shown to hold what it held at the checkpoint known before',
    open: 'whether the public log was rewritten: no checkpoint known before was given',
  },
  'log inclusion': {
    passed: 'the record is in the public log, up to its last hour',
    failed: 'nothing shows that the record is in the public log',
    open: 'whether the record is in a public log: the file and the policy name none',
  },
};

export const verify: Verb = {
  name: 'verify',
  summary: 'Checks statement files offline and prints one verdict per file.',
  example: 'verify record.json --at 2026-11-22T00:00:00Z',
  options: {
    policy: { type: 'string' },
    release: { type: 'string' },
    checkpoint: { type: 'string' },
    log: { type: 'string' },
    proof: { type: 'string' },
    at: { type: 'string' },
    'trust-anchors': { type: 'string' },
  },
  run: runVerify,
};

async function runVerify({ options, positionals }: VerbInput): Promise<VerbOutput> {
  if (positionals.length === 0) throw new UsageError('Give at least one statement file.');
  const policy = await readPolicy(options);
  const trustAnchors = options['trust-anchors'] === undefined ? 'AMD' : 'given';
  const at = instant(options, 'at', Date.now());
  const verdicts: FileVerdict[] = [];
  const claims: ClaimFileVerdict[] = [];
  for (const file of positionals) {
    const json = await readJson(file);
    if (isClaimFile(json)) {
      claims.push({ file, ...(await verifyClaimFile(json, policy, at)) });
    } else {
      verdicts.push({ file, trustAnchors, ...(await verifyExport(json, policy, at)) });
    }
  }
  const all = [...verdicts, ...claims];
  const code = all.find(({ verdict }) => verdict === 'refused')?.code ?? null;
  const error = code === null ? {} : { error: { code } };
  return {
    document: {
      verdicts: [...verdicts.map((verdict) => documentOf(verdict)), ...claims],
      ...error,
    },
    text: [
      ...verdicts.map((verdict) => textOf(verdict)),
      ...ownerLines(verdicts),
      ...claims.map((verdict) => claimText(verdict)),
    ].join('\n'),
    failed: code !== null,
  };
}

/** STATEMENT_MALFORMED becomes the verdict of a file that is no JSON; an unreadable one is ours. */
async function readJson(file: string): Promise<unknown> {
  const text = await readTextFile(file, 'FILE', FILE_SIZE_BYTES_MAX);
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

/**
 * `allowDevelopmentEvidence`, the `log` the record must be in, and what is expected of hardware
 * evidence as in `evidence verify`. Without a file nothing is excepted and no measurement is
 * expected, so that nothing passes.
 */
async function readPolicy(options: VerbInput['options']): Promise<ExportPolicy> {
  const policy = await verifyPolicyOf(options, 'policy');
  const { allowDevelopmentEvidence, log, expected } = policy;
  const trustAnchors = await trustAnchorsOf(options);
  const checkEvidence = evidenceCheck(await expectationOf(options, expected), trustAnchors);
  const known = await knownCheckpointOf(options);
  return {
    allowDevelopmentEvidence,
    checkEvidence,
    ...(log === undefined ? {} : { log: await parseLogTrust(log) }),
    ...(known === null ? {} : { known }),
  };
}

function documentOf({ export: verified, ...verdict }: FileVerdict): Record<string, unknown> {
  if (verified === null) return verdict;
  const { chain, summary } = verified;
  return {
    ...verdict,
    record: {
      ...chain.subject,
      head: chain.head,
      restatements: chain.restatements,
      startsAtInception: chain.startsAtInception,
      backfilled: backfilledIn(verified),
      late: lateIn(verified),
      merged: mergedIn(verified),
      owner: latestIn(verified).owner,
      disclosure: latestIn(verified).disclosure,
      disclosureChanges: disclosureChangesIn(verified),
    },
    summary,
  };
}

function textOf(verdict: FileVerdict): string {
  const lines = verdict.checks.map((check) => checkLine(check, verdict));
  return [headline(verdict), ...figureLines(verdict.export), ...lines, ''].join('\n');
}

function headline({ file, verdict, code, developmentEvidence }: FileVerdict): string {
  const kind = developmentEvidence ? ` (${DEVELOPMENT})` : '';
  if (code !== null) return `${file}: REFUSED${kind}\n  ${code}: ${codes[code].message}`;
  return `${file}: ${verdict.toUpperCase()}${kind}`;
}

function figureLines(verified: VerifiedExport | null): readonly string[] {
  if (verified === null) return [];
  const { chain, summary } = verified;
  const { account, venue, paper, reportingCurrency } = chain.subject;
  const { owner, disclosure } = latestIn(verified);
  const merged = mergedIn(verified);
  const missing = summary.hours - summary.measured - merged;
  const changes = disclosureChangesIn(verified);
  const isWhole = chain.startsAtInception ? ', from its first hour' : '';
  return [
    `  account ${account} at ${venue}, ${paper ? 'PAPER' : 'live'}, in ${reportingCurrency}`,
    `  ${summary.from} to ${summary.to}: ${summary.hours} hours`,
    `  of a record that began ${chain.subject.since}${isWhole}`,
    `  account ${owner.ordinal} of ${owner.connected} that its owner connected, of which ` +
      `${owner.ended} closed or ruined`,
    ...(owner.restarts === 0
      ? []
      : [`  BEGUN AGAIN: ${owner.restarts} earlier records of the same venue account`]),
    `  disclosed by the ${disclosure.grid}, ${delayText(disclosure.delayHours)}, thin hours ` +
      `${disclosure.thin}${changes === 0 ? '' : `; changed ${changes} times`}`,
    `  ${summary.measured} measured, ${merged === 0 ? '' : `${merged} told with later hours, `}` +
      `${missing} without a return (each with its signed reason)`,
    `  ${backfilledIn(verified)} backfilled, ${lateIn(verified)} stated late, ` +
      `${chain.restatements} corrected later`,
    `  compounded return: ${percent(summary.totalReturn)}`,
    ...logLines(verified),
  ];
}

function logLines({ checkpoint }: VerifiedExport): readonly string[] {
  if (checkpoint === null) return [];
  const { origin, size, cosignatures } = checkpoint;
  const times = cosignatures.flatMap(({ time }) => (time === null ? [] : [time * 1000]));
  const last = new Date(Math.max(0, ...times)).toISOString().replace('.000', '');
  const known = `${times.length} known ${times.length === 1 ? 'witness' : 'witnesses'}`;
  const seen = times.length === 0 ? '' : `, last on ${last}`;
  return [`  public log ${origin}: ${size} entries, ${known}${seen}`];
}

/** What the last statement of the file says, whose numbers are the newest. */
function latestIn({ chain }: VerifiedExport): StatementBody {
  const [first, ...rest] = chain.hours.map(({ body }) => body);
  assert(first !== undefined);
  return rest.reduce((last, body) => (body.sequence > last.sequence ? body : last), first);
}

function mergedIn({ chain }: VerifiedExport): number {
  return chain.hours.filter(({ body }) => body.reason === MERGED).length;
}

function disclosureChangesIn({ chain }: VerifiedExport): number {
  const policies = chain.hours.map(({ body }) => JSON.stringify(body.disclosure));
  return policies.filter((policy, index) => index > 0 && policy !== policies[index - 1]).length;
}

function delayText(delayHours: number): string {
  return delayHours === 0 ? 'at once' : `${delayHours} hours after its day`;
}

/** Of an owner with several files here: which of the accounts are in them, and how many are not. */
function ownerLines(verdicts: readonly FileVerdict[]): readonly string[] {
  const latest = verdicts.flatMap(({ export: verified }) =>
    verified === null ? [] : [latestIn(verified).owner],
  );
  return [...Map.groupBy(latest, ({ pseudonym }) => pseudonym).values()].flatMap((accounts) => {
    const shown = new Set(accounts.map(({ ordinal }) => ordinal));
    const connected = Math.max(...accounts.map((each) => each.connected));
    if (accounts.length < 2) return [];
    const which = [...shown].toSorted((one, other) => one - other).join(', ');
    return [
      `one owner: accounts ${which} of ${connected}; ${connected - shown.size} not shown`,
      '',
    ];
  });
}

function backfilledIn({ chain }: VerifiedExport): number {
  return chain.hours.filter(({ body }) => body.provenance === 'backfilled').length;
}

/** Of a corrected hour only the correction is at hand, which says nothing of the first. */
function lateIn({ chain }: VerifiedExport): number {
  return chain.hours.filter(
    ({ body }) =>
      body.provenance === 'observed' &&
      body.restates === null &&
      Date.parse(body.observedAt) - Date.parse(body.hour) - HOUR_MS > LATE_AFTER_MS,
  ).length;
}

function percent(totalReturn: string | null): string {
  if (totalReturn === null) return 'none, because no hour was measured';
  const hundredths = round(multiply(parseDecimal(totalReturn), HUNDRED), 2);
  return `${formatDecimal(hundredths)} % (${totalReturn})`;
}

function checkLine({ name, result }: Check, verdict: FileVerdict): string {
  const sentence = sentences[name];
  const development = name === 'evidence' && verdict.developmentEvidence;
  const notAmd = name === 'evidence' && verdict.trustAnchors === 'given';
  switch (result) {
    case 'passed':
      return `  passed       ${notAmd ? NOT_AMD : sentence.passed}`;
    case 'failed':
      return `  FAILED       ${development ? DEVELOPMENT : sentence.failed}`;
    case 'not checked':
      return `  NOT CHECKED  ${development ? DEVELOPMENT : sentence.open}`;
  }
}
