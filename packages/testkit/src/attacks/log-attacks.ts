// Attacks on the proof that a record is in the public log.

import { withLog, withCheckpoint } from './alterations.ts';
import { sampleLog } from './sample-export.ts';
import { type Attack } from './scene.ts';

const NOT_IN_LOG = 'LOG_INCLUSION_INVALID log inclusion';

/** A key byte that is not the log's. */
const OWN_LOG_KEY = 0x61;

export const logAttacks: readonly Attack[] = [
  {
    name: 'leave the log out',
    make: ({ file: { log: _log, ...file } }) => file,
    found: NOT_IN_LOG,
  },
  {
    name: 'say in the log member that it passed',
    make: ({ file }) => ({ ...file, log: { result: 'passed' } }),
    found: 'LOG_MALFORMED format',
  },
  {
    name: 'add a member to the log',
    make: ({ file, proof }) => ({ ...file, log: { ...proof, trusted: true } }),
    found: 'LOG_MALFORMED format',
  },
  {
    name: 'claim another place in the log',
    make: ({ file, proof }) => withLog(file, { ...proof, index: proof.index - 1 }),
    found: NOT_IN_LOG,
  },
  {
    name: 'claim a place beyond the log',
    make: ({ file, proof }) => withLog(file, { ...proof, index: 1_000_000 }),
    found: NOT_IN_LOG,
  },
  {
    name: 'cut the path short',
    make: ({ file, proof }) => withLog(file, { ...proof, inclusion: proof.inclusion.slice(1) }),
    found: NOT_IN_LOG,
  },
  {
    name: 'give no path',
    make: ({ file, proof }) => withLog(file, { ...proof, inclusion: [] }),
    found: NOT_IN_LOG,
  },
  {
    name: 'reverse the path',
    make: ({ file, proof }) => withLog(file, { ...proof, inclusion: proof.inclusion.toReversed() }),
    found: NOT_IN_LOG,
  },
  {
    name: 'give a path of short hashes',
    make: ({ file, proof }) => withLog(file, { ...proof, inclusion: ['AAAA'] }),
    found: 'LOG_MALFORMED log inclusion',
  },
  {
    name: 'give the proof of another record',
    make: async ({ file, log, others }) => withLog(file, await log.prove(others)),
    found: NOT_IN_LOG,
  },
  {
    name: 'give the proof of an earlier hour',
    make: async ({ file, log, statements }) =>
      withLog(file, await log.prove(statements.slice(0, 6))),
    found: NOT_IN_LOG,
  },
  {
    name: 'raise the size in the checkpoint',
    make: ({ file, proof }) =>
      withCheckpoint(file, proof, (note) => note.replace('\n14\n', '\n15\n')),
    found: 'LOG_SIGNATURE_INVALID log inclusion',
  },
  {
    name: 'take the signature of the log off the checkpoint',
    make: ({ file, proof }) =>
      withCheckpoint(file, proof, (note) => note.replace(/\u2014 log\.example.*\n/, '')),
    found: 'LOG_SIGNATURE_INVALID log inclusion',
  },
  {
    name: 'take the witness off the checkpoint',
    make: ({ file, proof }) =>
      withCheckpoint(file, proof, (note) => note.replace(/\u2014 witness.*\n/, '')),
    found: 'LOG_COSIGNATURE_MISSING log inclusion',
  },
  {
    name: 'add a line to what the log signed',
    make: ({ file, proof }) =>
      withCheckpoint(file, proof, (note) => note.replace('=\n\n', '=\nverified\n\n')),
    found: 'LOG_SIGNATURE_INVALID log inclusion',
  },
  {
    name: 'write the checkpoint with carriage returns',
    make: ({ file, proof }) => withCheckpoint(file, proof, (note) => note.replaceAll('\n', '\r\n')),
    found: 'LOG_MALFORMED log inclusion',
  },
  {
    name: 'run a log of your own with the same name',
    make: async ({ file, log, statements }) => {
      const own = await sampleLog(log.leaves, OWN_LOG_KEY);
      return withLog(file, await own.prove(statements));
    },
    found: 'LOG_SIGNATURE_INVALID log inclusion',
  },
];
