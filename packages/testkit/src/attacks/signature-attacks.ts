// Attacks on what an hour says and on who signed it; one for each field that a statement signs.

import type { SignedStatement, SigningKey, StatementBody } from '@track-record/statement';
import {
  withStatement,
  withSigned,
  withBytes,
  withField,
  withSignature,
  flip,
  addGroupOrder,
} from './alterations.ts';
import { exportOf, signHours } from './sample-export.ts';
import { ACCOUNT, OTHER_ACCOUNT, type Attack } from './scene.ts';

const SIGNED = 'STATEMENT_SIGNATURE_INVALID signatures';

/** One change for each field that a statement signs, made in the bytes of an hour. */
const fieldChanges: Readonly<Record<keyof StatementBody, unknown>> = {
  format: 'track-record-statement/1',
  account: OTHER_ACCOUNT,
  venue: 'kraken',
  paper: true,
  hour: '2026-01-05T09:00:00Z',
  since: '2026-01-04T00:00:00Z',
  sequence: 9,
  status: 'dust',
  reason: 'stale',
  return: '0.900000',
  spans: 2,
  coverage: '0.5',
  residual: 'material',
  provenance: 'backfilled',
  permissions: { ipRestricted: true, read: true, trade: true, withdraw: true },
  method: 'twr-cut-at-flows/2',
  reportingCurrency: 'USDC',
  disclosure: { grid: 'hour', delayHours: 0, thin: 'told', digits: 6, publicDigits: 4 },
  owner: { pseudonym: 'ee'.repeat(16), connected: 1, ended: 1, ordinal: 1, restarts: 0 },
  salt: 'ff'.repeat(16),
  observedAt: '2026-01-05T23:05:00.000Z',
  restates: '0'.repeat(64),
  previous: '0'.repeat(64),
  keyId: '0'.repeat(16),
};

export const fieldAttacks: readonly Attack[] = Object.entries(fieldChanges).map(
  ([field, value]) => ({
    name: `change what an hour says: ${field}`,
    make: ({ file }) => withField(file, 3, field, value),
    found: SIGNED,
  }),
);

export const signatureAttacks: readonly Attack[] = [
  {
    name: 'flip a bit of a signature',
    make: ({ file }) => withSignature(file, 2, (bytes) => flip(bytes, 10)),
    found: SIGNED,
  },
  {
    name: 'flip the last bit of the last signature',
    make: ({ file }) => withSignature(file, 7, (bytes) => flip(bytes, 63)),
    found: SIGNED,
  },
  {
    name: 'cut a signature short',
    make: ({ file }) => withSignature(file, 2, (bytes) => bytes.subarray(0, 63)),
    found: SIGNED,
  },
  {
    name: 'leave a signature empty',
    make: ({ file }) => withStatement(file, 2, { signature: '' }),
    found: SIGNED,
  },
  {
    name: 'add the group order to a signature',
    make: ({ file }) => withSignature(file, 2, addGroupOrder),
    found: SIGNED,
  },
  {
    name: 'give an hour the signature of another',
    make: ({ file }) => withStatement(file, 2, { signature: file.statements[3]?.signature }),
    found: SIGNED,
  },
  {
    name: 'write the same hour with spaces',
    make: ({ file }) => withBytes(file, 3, (text) => text.replace('":', '": ')),
    found: SIGNED,
  },
  {
    name: 'say a field twice',
    make: ({ file }) => withBytes(file, 3, (text) => text.replace('{', '{"account":"",')),
    found: SIGNED,
  },
  {
    name: 'sign a better hour with a key of your own',
    make: async ({ file, ownKey }) => {
      const [better] = await signHours(ownKey, ACCOUNT, [() => ({ return: '0.900000' })]);
      return better === undefined ? file : withSigned(file, 3, better);
    },
    found: SIGNED,
  },
  {
    name: 'sign the whole record with a key of your own, under the old evidence',
    make: async ({ file, ownKey, statements }) => {
      const own = await exportOf(ownKey, await resign(ownKey, statements.length));
      return { ...own, evidence: file.evidence };
    },
    found: 'STATEMENT_KEY_UNBOUND key binding',
  },
  {
    name: 'sign the whole record with a key of your own, and keep the old key in the file',
    make: async ({ file, ownKey, statements }) => {
      const own = await exportOf(ownKey, await resign(ownKey, statements.length));
      return { ...file, statements: own.statements, summary: own.summary };
    },
    found: SIGNED,
  },
];

/** A record as long as the real one, and better, which the attacker's key signs. */
function resign(key: SigningKey, count: number): Promise<readonly SignedStatement[]> {
  return signHours(
    key,
    ACCOUNT,
    Array.from({ length: count }, () => () => ({ return: '0.010000' })),
  );
}
