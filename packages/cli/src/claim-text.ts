// What `track-record verify` prints of a claim: what is said, by whom, and what nobody can check
// without the hours.

import { codes } from '@track-record/errors';
import { CLAIM_FILE_FORMAT, type ClaimVerdict } from '@track-record/statement/claim';

export interface ClaimFileVerdict extends ClaimVerdict {
  readonly file: string;
}

export function isClaimFile(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false;
  return 'format' in json && json.format === CLAIM_FILE_FORMAT;
}

const metrics: Readonly<Record<string, string>> = {
  total_return: 'compounded return',
  sharpe_daily: 'Sharpe ratio of daily returns, a year',
  max_drawdown: 'largest drawdown',
  coverage: 'share of hours that were measured',
};

export function claimText({ file, code, claim, developmentEvidence }: ClaimFileVerdict): string {
  const kind = developmentEvidence
    ? ' (signed by a development enclave: no hardware evidence)'
    : '';
  if (code !== null) return `${file}: REFUSED${kind}\n  ${code}: ${codes[code].message}\n`;
  if (claim === null) return `${file}: REFUSED${kind}\n`;
  const { owner, hours, measured, paper } = claim;
  return [
    `${file}: VERIFIED CLAIM${kind}`,
    `  account ${claim.account} at ${claim.venue}, ${paper ? 'PAPER' : 'live'}, in ` +
      claim.reportingCurrency,
    `  ${claim.from} to ${claim.to}: ${hours / 24} days, ${hours} hours`,
    `  of a record that began ${claim.since}`,
    `  account ${owner.ordinal} of ${owner.connected} that its owner connected, of which ` +
      `${owner.ended} closed or ruined`,
    `  ${measured} measured, ${hours - measured} without a return, ${claim.backfilled} ` +
      `backfilled, ${claim.corrected} corrected later`,
    ...claim.terms.map(
      ({ metric, comparison, threshold }) =>
        `  CLAIMED      ${metrics[metric]} ${comparison.replace('_', ' ')} ${threshold}`,
    ),
    `  NOT SHOWN    the hours: the enclave that signed computed this from ${claim.statements} ` +
      'statements',
    '',
  ].join('\n');
}
