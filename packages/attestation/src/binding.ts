// What an attestation report is about: the keys and configuration of the enclave that asked for it.
// REPORT_DATA = SHA-512(label || 0x00 || for each field in the order below: u16 tag, u32 length,
// bytes), big endian. The worker computes it before asking for a report, a verifier from the
// evidence: the same function, so that neither can mean something else. A field that is absent has
// length 0 and is still bound.

export const bindingFields = [
  'nonce',
  'tlsSpkiSha256',
  'intakePublicKey',
  'statementPublicKey',
  'configSha256',
  'codeSha256',
  'logPublicKey',
  'hpkeSuite',
  'unsealPublicKey',
  'successionSha256',
] as const;

export type BindingField = (typeof bindingFields)[number];
export type Binding = Readonly<Record<BindingField, Uint8Array>>;

/**
 * KEM, KDF and AEAD by their numbers in RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
 * AES-256-GCM. What is sealed to either key is sealed so.
 */
export const HPKE_SUITE = Uint8Array.of(0x00, 0x20, 0x00, 0x01, 0x00, 0x02);

const absent = bindingFields.map((field) => [field, new Uint8Array()]);
/** Every field absent. */
export const emptyBinding: Binding = Object.fromEntries(absent);

const LABEL = 'track-record-enclave/report-data/v1\0';
const HEADER_SIZE = 6;

/** The 64 bytes of REPORT_DATA. */
export async function reportDataOf(binding: Binding): Promise<Uint8Array> {
  const parts = bindingFields.map((field, index) => tagged(index + 1, binding[field]));
  const bytes = await new Blob([LABEL, ...parts]).arrayBuffer();
  return new Uint8Array(await crypto.subtle.digest('SHA-512', bytes));
}

function tagged(tag: number, value: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_SIZE + value.length);
  const header = new DataView(bytes.buffer);
  header.setUint16(0, tag);
  header.setUint32(2, value.length);
  bytes.set(value, HEADER_SIZE);
  return bytes;
}
