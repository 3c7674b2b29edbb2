import type { Verb } from '../verb.ts';
import { attestationVerify } from './attestation-verify.ts';
import { compute } from './compute.ts';
import { databaseMigrate } from './database-migrate.ts';
import { evidenceGet } from './evidence-get.ts';
import { evidenceVerify } from './evidence-verify.ts';
import { logCheck } from './log-check.ts';
import { metrics } from './metrics.ts';
import { queueStatus } from './queue-status.ts';
import { statementExport } from './statement-export.ts';
import { venuesFetch } from './venues-fetch.ts';
import { venuesRead } from './venues-read.ts';
import { verify } from './verify.ts';

/** Every verb, in the order the help lists them. One file per verb. */
export const verbs: readonly Verb[] = [
  compute,
  metrics,
  verify,
  statementExport,
  logCheck,
  evidenceGet,
  evidenceVerify,
  attestationVerify,
  venuesFetch,
  venuesRead,
  queueStatus,
  databaseMigrate,
];
