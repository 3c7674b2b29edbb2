// The chip that the fake authority certifies and that its reports come from, unless a test says
// otherwise.

export type FakeProduct = 'Milan' | 'Genoa' | 'Turin';
export type FakeSigner = 'VCEK' | 'VLEK';

/**
 * A chip that every default names. Its first bytes look like a DER OCTET STRING, as a real one's
 * may.
 */
export const FAKE_CHIP = Buffer.from([
  0x04,
  0x06,
  ...Array.from({ length: 62 }, (_, at) => at + 1),
]);
export const FAKE_TCB: Readonly<Record<FakeProduct, Buffer>> = {
  Milan: Buffer.from('04000000000018db', 'hex'),
  Genoa: Buffer.from('0a00000000001754', 'hex'),
  Turin: Buffer.from('0101010400000051', 'hex'),
};
