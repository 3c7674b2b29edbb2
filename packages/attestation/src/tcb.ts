// TCB_VERSION: eight bytes whose meaning depends on the product (AMD 56860, table TCB_VERSION).
// Read with the layout of another product the microcode comes out right and everything else is
// silently misplaced.

import { refusal } from './refusal.ts';
import type { Product } from './product.ts';

export const tcbComponents = ['fmc', 'bootloader', 'tee', 'snp', 'microcode'] as const;
export type TcbComponent = (typeof tcbComponents)[number];

/** Security version numbers; `fmc` exists on Turin only. Microcode numbers differ by CPU model. */
export type Tcb = Readonly<Partial<Record<TcbComponent, number>>>;

export const TCB_SIZE = 8;

type Layout = Readonly<Partial<Record<TcbComponent, number>>>;

const ZEN_3_AND_4: Layout = { bootloader: 0, tee: 1, snp: 6, microcode: 7 };

/** The byte at which each component stands; the other bytes are reserved. */
const LAYOUTS: Readonly<Record<Product, Layout>> = {
  Milan: ZEN_3_AND_4,
  Genoa: ZEN_3_AND_4,
  Turin: { fmc: 0, bootloader: 1, tee: 2, snp: 3, microcode: 7 },
};

export function parseTcb(bytes: Uint8Array, product: Product): Tcb {
  const layout = Object.entries(LAYOUTS[product]);
  const isReserved = (at: number): boolean => layout.every(([, each]) => each !== at);
  if (bytes.some((byte, at) => byte !== 0 && isReserved(at))) throw refusal('report.tcb');
  return Object.fromEntries(layout.map(([name, at]) => [name, bytes[at]]));
}
