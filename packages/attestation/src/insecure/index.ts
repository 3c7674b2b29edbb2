// Development evidence: says which keys this process uses and proves nothing about where it runs.
// It exists so that a client's code path is the same with and without hardware; no verifier accepts
// it by default.

import { reportDataOf, type Binding } from '../binding.ts';
import { hexBinding } from '../evidence.ts';
import { hex } from '../hex.ts';

export const DEVELOPMENT_EVIDENCE_FORMAT = 'track-record-development/1';

export interface DevelopmentEvidence {
  readonly format: typeof DEVELOPMENT_EVIDENCE_FORMAT;
  readonly insecure: true;
  readonly collectedAt: string;
  /** Hex. */
  readonly reportData: string;
  /** Hex, one per binding field. */
  readonly binding: Readonly<Record<string, string>>;
}

/** `collectedAt` in ms UTC. */
export async function developmentEvidence(
  binding: Binding,
  collectedAt: number,
): Promise<DevelopmentEvidence> {
  return {
    format: DEVELOPMENT_EVIDENCE_FORMAT,
    insecure: true,
    collectedAt: new Date(collectedAt).toISOString(),
    reportData: hex(await reportDataOf(binding)),
    binding: hexBinding(binding),
  };
}
