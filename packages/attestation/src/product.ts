// Which AMD product line a processor belongs to, by CPUID and by the names in its certificates.

export const products = ['Milan', 'Genoa', 'Turin'] as const;
/** A line of certificate authorities; Bergamo and Siena are certified as Genoa. */
export type Product = (typeof products)[number];

export const signers = ['VCEK', 'VLEK'] as const;
/** VCEK: a key of one chip. VLEK: a key that AMD gave to a cloud. */
export type Signer = (typeof signers)[number];

export interface Cpu {
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
}

/** What the issuer of a leaf certifies. */
export interface Line {
  readonly product: Product;
  readonly signer: Signer;
}

/**
 * CPUID families and models, both ends included. Family 1Ah from model 50h on (Venice) has another
 * TCB layout and stays unknown until it is written down here.
 */
const MODELS: readonly (readonly [family: number, from: number, to: number, product: Product])[] = [
  [0x19, 0x00, 0x0f, 'Milan'],
  [0x19, 0x10, 0x1f, 'Genoa'],
  [0x19, 0xa0, 0xaf, 'Genoa'],
  [0x1a, 0x00, 0x11, 'Turin'],
];

export function productOf({ family, model }: Cpu): Product | null {
  const row = MODELS.find(([of, from, to]) => of === family && from <= model && model <= to);
  return row?.[3] ?? null;
}

export function rootNameOf(product: Product): string {
  return `ARK-${product}`;
}

export function issuerNameOf({ product, signer }: Line): string {
  return signer === 'VLEK' ? `SEV-VLEK-${product}` : `SEV-${product}`;
}

export function leafNameOf(signer: Signer): string {
  return `SEV-${signer}`;
}

/** Every authority that issues leaves, by its exact name: "SEV-VCEK" contains "SEV" and is none. */
export function lineOfIssuer(commonName: string): Line | null {
  const lines = products.flatMap((product) => signers.map((signer) => ({ product, signer })));
  return lines.find((line) => issuerNameOf(line) === commonName) ?? null;
}
