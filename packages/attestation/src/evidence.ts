// Hardware evidence as it leaves the enclave: the report, the host's certificate table and what the
// report is bound to, as one JSON object. It is only written here; verify-evidence.ts reads it. The
// worker parses neither report nor certificates: both come from outside, and whoever relies on the
// evidence has to verify them anyway.

import { bindingFields, type Binding, type BindingField } from './binding.ts';
import { hex } from './hex.ts';

export const EVIDENCE_FORMAT = 'track-record-evidence/1';
/** The kernel hands over 16 KB at most; four times that bounds the work of a hostile one. */
export const CERTIFICATE_TABLE_SIZE_MAX = 64 * 1024;

export interface Evidence {
  readonly format: typeof EVIDENCE_FORMAT;
  /** True without a succession: the master key came from a setting, and no verifier accepts it. */
  readonly insecure: boolean;
  /** ISO 8601. The enclave's own word: a report carries no time. */
  readonly collectedAt: string;
  /** Base64 of the 1184 bytes. */
  readonly report: string;
  /** Base64 of the GHCB certificate table (AMD 56421): the leaf and, mostly, its issuer. */
  readonly certificateTable: string;
  /** Hex, one per binding field. */
  readonly binding: Readonly<Record<BindingField, string>>;
}

/** What the kernel gave for one request. */
export interface CollectedReport {
  readonly report: Uint8Array;
  readonly certificateTable: Uint8Array;
}

/** `collectedAt` in ms UTC. */
export function writeEvidence(
  collected: CollectedReport,
  binding: Binding,
  collectedAt: number,
): Evidence {
  return {
    format: EVIDENCE_FORMAT,
    insecure: binding.successionSha256.length === 0,
    collectedAt: new Date(collectedAt).toISOString(),
    report: base64(collected.report),
    certificateTable: base64(collected.certificateTable),
    binding: hexBinding(binding),
  };
}

export function hexBinding(binding: Binding): Readonly<Record<BindingField, string>> {
  const texts = bindingFields.map((field) => [field, hex(binding[field])]);
  return Object.fromEntries(texts);
}

export function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCodePoint(byte)).join(''));
}
