// The verifier's answers to many questions, as plain JSON: run by Node and by a browser, which must
// say the same.

import {
  amdTrustAnchors,
  checkReport,
  parsePolicy,
  parseReport,
  verifyReport,
} from '@track-record/attestation';
import { explainRefusal, parseTrustAnchors } from '@track-record/attestation/auditor';
import { RecordError } from '@track-record/errors';

/** Bytes are base64. */
export interface Question {
  readonly name: string;
  readonly report: string;
  readonly leaf: string;
  readonly intermediate: string | null;
  readonly revocationList: string | null;
  /** A PEM file; null for AMD. */
  readonly anchors: string | null;
  /** Milliseconds UTC. */
  readonly now: number;
  /** Null when only the report is verified. */
  readonly policy: Readonly<Record<string, unknown>> | null;
}

export interface Verdict {
  readonly name: string;
  readonly code: string;
  readonly place: string | null;
  readonly detail: string;
  /** What was verified, as JSON with numbers of 64 bits in hex. */
  readonly report: string;
}

export interface Flips {
  readonly question: Question;
  readonly part: 'report' | 'leaf';
  /** Every how manieth bit is turned. */
  readonly stride: number;
}

export async function verdictsOf(questions: readonly Question[]): Promise<readonly Verdict[]> {
  return await Promise.all(questions.map(verdictOf));
}

/** For each turned bit its number and the code; one after the other, to bound the memory. */
export async function verdictsOnFlips(flips: Flips): Promise<readonly string[]> {
  const { question, part, stride } = flips;
  const bytes = bytesOf(question[part]);
  const answers: string[] = [];
  for (let bit = 0; bit < bytes.length * 8; bit += stride) {
    const flipped = bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    const { code, place } = await verdictOf({ ...question, [part]: base64Of(flipped) });
    answers.push(`${bit} ${code} ${place}`);
  }
  return answers;
}

async function verdictOf(question: Question): Promise<Verdict> {
  const { name, now } = question;
  const anchors =
    question.anchors === null
      ? amdTrustAnchors
      : await parseTrustAnchors(new TextEncoder().encode(question.anchors));
  const endorsements = {
    leaf: bytesOf(question.leaf),
    intermediate: optionalBytes(question.intermediate),
    revocationList: optionalBytes(question.revocationList),
  };
  let report = '';
  try {
    const unverified = parseReport(bytesOf(question.report));
    const verified = await verifyReport(unverified, endorsements, anchors, now);
    report = JSON.stringify(verified, (_key, value: unknown) =>
      typeof value === 'bigint' ? `0x${value.toString(16)}` : value,
    );
    if (question.policy !== null) checkReport(verified, parsePolicy(question.policy, 'refuse'));
    return { name, code: 'ACCEPTED', place: null, detail: '', report };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return { name, code: error.code, place: error.place, detail: explainRefusal(error), report };
  }
}

export function base64Of(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCodePoint(byte)).join(''));
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function optionalBytes(base64: string | null): Uint8Array | null {
  return base64 === null ? null : bytesOf(base64);
}
