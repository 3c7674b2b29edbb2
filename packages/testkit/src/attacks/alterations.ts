// What an attacker can do to an export with an editor: each takes the file and gives a changed one.

import type { SignedStatement } from '@track-record/statement';
import type { ExportFile } from '@track-record/statement/export';
import type { LogProof } from '@track-record/statement/log';
import type { Attack } from './scene.ts';

type Member = ExportFile['statements'][number];

/** The order of the Ed25519 group (RFC 8032, 5.1), added to S by who wants a second signature. */
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

export function withMember(change: object): Attack['make'] {
  return ({ file }) => ({ ...file, ...change });
}

export function withEvidence(file: ExportFile, change: object): object {
  return { ...file, evidence: { ...file.evidence, ...change } };
}

export function withStatement(file: ExportFile, index: number, change: object): object {
  const statements = file.statements.map((each, at) =>
    at === index ? { ...each, ...change } : each,
  );
  return { ...file, statements };
}

/** The file with its statements in another order or number. */
export function ordered(
  change: (statements: readonly Member[]) => readonly Member[],
): Attack['make'] {
  return ({ file }) => ({ ...file, statements: change(file.statements) });
}

export function withSigned(
  file: ExportFile,
  index: number,
  statement: SignedStatement | undefined,
): object {
  return withStatement(file, index, statement === undefined ? {} : memberOf(statement));
}

/** Another text for an hour, under its old signature. */
export function withBytes(
  file: ExportFile,
  index: number,
  change: (text: string) => string,
): object {
  const text = Buffer.from(file.statements[index]?.body ?? '', 'base64url').toString('utf8');
  return withStatement(file, index, { body: Buffer.from(change(text)).toString('base64url') });
}

/** Other fields for an hour, in canonical bytes, under its old signature. */
export function withField(file: ExportFile, index: number, field: string, value: unknown): object {
  return withBytes(file, index, (text) => {
    const body: Record<string, unknown> = JSON.parse(text);
    return JSON.stringify({ ...body, [field]: value });
  });
}

export function withSignature(
  file: ExportFile,
  index: number,
  change: (bytes: Buffer) => Buffer,
): object {
  const bytes = Buffer.from(file.statements[index]?.signature ?? '', 'base64url');
  return withStatement(file, index, { signature: change(bytes).toString('base64url') });
}

export function withLog(file: ExportFile, log: LogProof): object {
  return { ...file, log };
}

export function withCheckpoint(
  file: ExportFile,
  proof: LogProof,
  change: (note: string) => string,
): object {
  return withLog(file, { ...proof, checkpoint: change(proof.checkpoint) });
}

export function memberOf({
  bytes,
  signature,
}: Pick<SignedStatement, 'bytes' | 'signature'>): Member {
  return {
    body: Buffer.from(bytes).toString('base64url'),
    signature: Buffer.from(signature).toString('base64url'),
  };
}

export function without<T>(all: readonly T[], index: number): readonly T[] {
  return all.filter((_each, at) => at !== index);
}

export function swap<T>(all: readonly T[], one: number, other: number): readonly T[] {
  return all.map((each, at) => (at === one ? all[other] : at === other ? all[one] : each) ?? each);
}

export function flip(bytes: Buffer, at: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8((flipped.at(at) ?? 0) ^ 1, at);
  return flipped;
}

/** The same S modulo the order: a second spelling that RFC 8032, 5.1.7 refuses. */
export function addGroupOrder(signature: Buffer): Buffer {
  const little = Buffer.from(signature.subarray(32)).reverse().toString('hex');
  const sum = (BigInt(`0x${little}`) + GROUP_ORDER).toString(16).padStart(64, '0');
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(sum, 'hex').reverse()]);
}
