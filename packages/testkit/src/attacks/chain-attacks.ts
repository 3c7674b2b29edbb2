// Attacks on which hours are shown: dropped, reordered, repeated, spliced, rolled back.

import { ordered, withSigned, withLog, memberOf, without, swap } from './alterations.ts';
import { exportOf, sampleLog } from './sample-export.ts';
import { KNOWN_SIZE, type Attack } from './scene.ts';

const LINKS = 'STATEMENT_LINK_BROKEN links';
const FIGURES = 'STATEMENT_RETURN_MISMATCH figures';
const NOT_IN_LOG = 'LOG_INCLUSION_INVALID log inclusion';

export const chainAttacks: readonly Attack[] = [
  { name: 'show no hours', make: ordered(() => []), found: LINKS },
  { name: 'drop an hour in the middle', make: ordered((all) => without(all, 3)), found: LINKS },
  { name: 'drop the loss', make: ordered((all) => without(all, 1)), found: LINKS },
  { name: 'drop the gap', make: ordered((all) => without(all, 2)), found: LINKS },
  { name: 'drop a correction', make: ordered((all) => without(all, 4)), found: LINKS },
  {
    name: 'drop the last correction and the hour after it',
    make: ordered((all) => all.slice(0, 6)),
    found: FIGURES,
  },
  {
    name: 'begin later, where the losses are over, and keep the figures',
    make: ordered((all) => all.slice(2)),
    found: FIGURES,
  },
  {
    name: 'begin with a correction',
    make: ordered((all) => all.slice(4)),
    found: LINKS,
  },
  { name: 'swap two hours', make: ordered((all) => swap(all, 2, 3)), found: LINKS },
  { name: 'swap the first two hours', make: ordered((all) => swap(all, 0, 1)), found: LINKS },
  { name: 'reverse the record', make: ordered((all) => all.toReversed()), found: LINKS },
  {
    name: 'show a good hour twice',
    make: ordered((all) => [...all.slice(0, 4), ...all.slice(3)]),
    found: LINKS,
  },
  {
    name: 'show the last hour twice',
    make: ordered((all) => [...all, ...all.slice(-1)]),
    found: LINKS,
  },
  {
    name: 'put a correction before what it corrects',
    make: ordered((all) => swap(all, 1, 4)),
    found: LINKS,
  },
  {
    name: 'splice in an hour of another account',
    make: ({ file, others }) => withSigned(file, 3, others[3]),
    found: LINKS,
  },
  {
    name: 'append the hours of another account',
    make: ({ file, others }) => ({
      ...file,
      statements: [...file.statements, ...others.slice(4).map(memberOf)],
    }),
    found: LINKS,
  },
  {
    name: 'continue another account with this one',
    make: ({ file, others }) => ({
      ...file,
      statements: [...others.slice(0, 3).map(memberOf), ...file.statements.slice(3)],
    }),
    found: LINKS,
  },
  {
    name: 'show the hours of another account under this name',
    make: ({ file, others }) => ({ ...file, statements: others.map(memberOf) }),
    found: LINKS,
  },
  {
    name: 'restart the record at inception in the middle',
    make: ({ file, statements }) => ({
      ...file,
      statements: [...statements, ...statements.slice(0, 1)].map(memberOf),
    }),
    found: LINKS,
  },
];

type Leaves = readonly string[];

/** What a database can be made to hold, so that the enclave itself signs the log over it. */
const rewritings: readonly { name: string; rewrite: (leaves: Leaves) => Leaves }[] = [
  {
    name: 'put the database back an hour, and let the log grow again past what was known',
    rewrite: (leaves) => [...leaves.slice(0, KNOWN_SIZE - 1), ...leaves.slice(KNOWN_SIZE)],
  },
  { name: 'exchange two leaves of the log', rewrite: (leaves) => swap(leaves, 0, 1) },
  { name: 'drop a leaf of the log', rewrite: (leaves) => without(leaves, 2) },
  { name: 'show a leaf of the log twice', rewrite: (leaves) => [...leaves.slice(0, 1), ...leaves] },
  {
    name: 'put another leaf in the place of one',
    rewrite: (leaves) => leaves.map((leaf, at) => (at === 1 ? 'ab'.repeat(32) : leaf)),
  },
  { name: 'begin the log again', rewrite: (leaves) => leaves.slice(KNOWN_SIZE).concat(leaves) },
];

export const rollbackAttacks: readonly Attack[] = [
  {
    name: 'roll the record back an hour, figures and all',
    make: async ({ key, statements, proof }) => exportOf(key, statements.slice(0, -1), proof),
    found: NOT_IN_LOG,
  },
  {
    name: 'roll the record back and prove it under the checkpoint of then',
    make: async ({ key, statements, log }) => {
      const held = log.leaves.slice(0, 3);
      const old = await sampleLog(held);
      return exportOf(key, statements.slice(0, 3), await old.prove(statements.slice(0, 3)));
    },
    found: 'LOG_ROLLED_BACK log history',
  },
  {
    name: 'present an old checkpoint beside the whole record',
    make: async ({ file, log, proof }) =>
      withLog(file, { ...proof, checkpoint: await log.checkpoint(3) }),
    found: 'LOG_ROLLED_BACK log history',
  },
  {
    name: 'present another tree of the size the verifier knows',
    make: async ({ file, log, proof }) => {
      const rewritten = log.leaves.toReversed();
      return withLog(file, { ...proof, checkpoint: await log.checkpoint(KNOWN_SIZE, rewritten) });
    },
    found: 'LOG_SPLIT_VIEW log history',
  },
  ...rewritings.map(({ name, rewrite }): Attack => ({
    name,
    make: async ({ file, statements, log }) => {
      const rewritten = await sampleLog(rewrite(log.leaves));
      return withLog(file, await rewritten.prove(statements));
    },
    found: 'LOG_INCONSISTENT log history',
  })),
];
