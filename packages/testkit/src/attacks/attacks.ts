// Attacks on an export, by name: what somebody with the file, the database, the log or another key
// does to make a record look better or to hide a part of it, and which check must find it.

import { chainAttacks, rollbackAttacks } from './chain-attacks.ts';
import { evidenceAttacks, figureAttacks, fileAttacks, memberAttacks } from './form-attacks.ts';
import { logAttacks } from './log-attacks.ts';
import type { Attack } from './scene.ts';
import { fieldAttacks, signatureAttacks } from './signature-attacks.ts';

/** In the order of the checks that find them. */
export const attacks: readonly Attack[] = [
  ...memberAttacks,
  ...fileAttacks,
  ...evidenceAttacks,
  ...signatureAttacks,
  ...fieldAttacks,
  ...chainAttacks,
  ...figureAttacks,
  ...rollbackAttacks,
  ...logAttacks,
];
