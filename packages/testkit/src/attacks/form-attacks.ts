// Attacks on the file around the hours: its members, its figures, its evidence.

import { withMember, withEvidence, withStatement } from './alterations.ts';
import { developmentEvidence } from './sample-export.ts';
import { OTHER_ACCOUNT, type Attack } from './scene.ts';

const LINKS = 'STATEMENT_LINK_BROKEN links';
const FORM = 'STATEMENT_MALFORMED format';
const FIGURES = 'STATEMENT_RETURN_MISMATCH figures';

export const memberAttacks: readonly Attack[] = [
  'format',
  'account',
  'publicKey',
  'evidence',
  'statements',
  'summary',
].map((member) => ({
  name: `leave out a member of the file: ${member}`,
  make: ({ file }) => Object.fromEntries(Object.entries(file).filter(([name]) => name !== member)),
  found: FORM,
}));

export const figureAttacks: readonly Attack[] = Object.entries({
  from: '2026-01-04T00:00:00Z',
  to: '2026-01-06T00:00:00Z',
  hours: 7,
  measured: 6,
  totalReturn: '0.500000000000000000',
}).map(([figure, value]) => ({
  name: `state another figure: ${figure}`,
  make: ({ file }) => ({ ...file, summary: { ...file.summary, [figure]: value } }),
  found: FIGURES,
}));

export const fileAttacks: readonly Attack[] = [
  {
    name: 'cut the file off',
    make: ({ file }) => JSON.stringify(file).slice(0, -40),
    found: FORM,
  },
  { name: 'add a member that says verified', make: withMember({ verified: true }), found: FORM },
  {
    name: 'call the file a later version',
    make: withMember({ format: 'track-record-export/2' }),
    found: FORM,
  },
  {
    name: 'add a note to an hour',
    make: ({ file }) => withStatement(file, 0, { note: 'audited' }),
    found: FORM,
  },
  {
    name: 'pad the base64 of an hour',
    make: ({ file }) => withStatement(file, 0, { body: `${file.statements[0]?.body}=` }),
    found: FORM,
  },
  {
    name: 'add a figure',
    make: ({ file }) => ({ ...file, summary: { ...file.summary, sharpe: '9.9' } }),
    found: FIGURES,
  },
  {
    name: 'state a figure as a number',
    make: ({ file }) => ({ ...file, summary: { ...file.summary, totalReturn: 0.5 } }),
    found: FIGURES,
  },
  {
    name: 'show the record under the name of another account',
    make: withMember({ account: OTHER_ACCOUNT }),
    found: LINKS,
  },
];

export const evidenceAttacks: readonly Attack[] = [
  {
    name: 'give no evidence',
    make: withMember({ evidence: {} }),
    found: 'STATEMENT_KEY_UNBOUND evidence',
  },
  {
    name: 'say that development evidence is secure',
    make: ({ file }) => withEvidence(file, { insecure: false }),
    found: 'STATEMENT_KEY_UNBOUND evidence',
  },
  {
    name: 'say that development evidence is secure by leaving the word out',
    make: ({ key, file }) => ({ ...file, evidence: omitInsecure(developmentEvidence(key)) }),
    found: 'STATEMENT_KEY_UNBOUND evidence',
  },
  {
    name: 'say insecure in another type',
    make: ({ file }) => withEvidence(file, { insecure: 'true' }),
    found: 'STATEMENT_KEY_UNBOUND evidence',
  },
  {
    name: 'swap in the evidence of another enclave',
    make: ({ file, ownKey }) => ({ ...file, evidence: developmentEvidence(ownKey) }),
    found: 'STATEMENT_KEY_UNBOUND key binding',
  },
  {
    name: 'swap in the key of another enclave',
    make: ({ file, ownKey }) => ({
      ...file,
      publicKey: Buffer.from(ownKey.publicKey).toString('hex'),
    }),
    found: 'STATEMENT_KEY_UNBOUND key binding',
  },
  {
    name: 'bind no key',
    make: ({ file }) => withEvidence(file, { binding: {} }),
    found: 'STATEMENT_KEY_UNBOUND key binding',
  },
  {
    name: 'bind a list of keys',
    make: ({ file }) => withEvidence(file, { binding: { statementPublicKey: [file.publicKey] } }),
    found: 'STATEMENT_KEY_UNBOUND key binding',
  },
];

function omitInsecure({
  insecure: _insecure,
  ...evidence
}: Readonly<Record<string, unknown>>): object {
  return evidence;
}
