import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { bindingFields, emptyBinding as empty, reportDataOf, type Binding } from './binding.ts';
import { developmentEvidence } from './insecure/index.ts';

describe('accepts', () => {
  test('REPORT_DATA is the SHA-512 of the label and the tagged fields', async () => {
    const binding: Binding = { ...empty, nonce: Uint8Array.of(0xaa, 0xbb) };
    const fields = bindingFields.map((field, index) =>
      field === 'nonce' ? '000100000002aabb' : `${hex16(index + 1)}00000000`,
    );
    const expected = createHash('sha512')
      .update('track-record-enclave/report-data/v1\0')
      .update(Buffer.from(fields.join(''), 'hex'))
      .digest();
    expect(Buffer.from(await reportDataOf(binding))).toEqual(expected);
  });

  test('development evidence says so and carries the same report data', async () => {
    const evidence = await developmentEvidence(empty, 0);
    expect(evidence).toMatchObject({ insecure: true, collectedAt: '1970-01-01T00:00:00.000Z' });
    expect(evidence.reportData).toBe(Buffer.from(await reportDataOf(empty)).toString('hex'));
  });
});

describe('holds', () => {
  test('bytes moved from one field to its neighbour change the report data', async () => {
    const one = await reportDataOf({ ...empty, nonce: Uint8Array.of(1, 2) });
    const other = await reportDataOf({
      ...empty,
      nonce: Uint8Array.of(1),
      tlsSpkiSha256: Uint8Array.of(2),
    });
    expect(one).not.toEqual(other);
  });
});

function hex16(value: number): string {
  return value.toString(16).padStart(4, '0');
}
