// Whether who connects a wallet owns it. Everything that a wallet did is public, so that an address
// alone would let anybody show another's record. The owner signs, with the wallet, typed data
// (EIP-712) over the address and a nonce of his own: no key is told, and no transaction made. All
// of it is untrusted. The curve and the hash are those that ccxt's Hyperliquid imports itself.

import { createRequire } from 'node:module';
import { RecordError } from '@track-record/errors';
import type { CredentialField, VenueCredentials } from '../../contract.ts';
import { parseRow } from '../rows.ts';

const ADDRESS = /^0x[0-9a-f]{40}$/;
/** r, s and v. */
const SIGNATURE = /^0x[0-9a-f]{128}(?:1b|1c|00|01)$/;
/** Long enough not to be guessed, short enough not to be a document. */
const NONCE = /^[\x21-\x7e]{16,64}$/;
const DOMAIN = ['EIP712Domain(string name,string version)', 'Track record', '1'] as const;
const OWNERSHIP = 'Ownership(address wallet,string nonce)';

/** The address in lower case; VENUE_KEY_REJECTED where the signature is not its owner's. */
export async function checkOwnership(credentials: VenueCredentials): Promise<string> {
  const field = (name: CredentialField): string =>
    String(credentials.get(name)?.open((bytes) => Buffer.from(bytes).toString()));
  const address = field('walletAddress').toLowerCase();
  const [nonce, signature] = [field('password'), field('secret').toLowerCase()];
  const isFormed = ADDRESS.test(address) && NONCE.test(nonce) && SIGNATURE.test(signature);
  if (!isFormed || (await signerOf(address, nonce, signature)) !== address) {
    throw new RecordError('VENUE_KEY_REJECTED', { place: 'ownership' });
  }
  return address;
}

async function signerOf(address: string, nonce: string, signature: string): Promise<string> {
  const require = createRequire(import.meta.resolve('ccxt'));
  const { keccak_256: keccak } = parseHash(await import(require.resolve('@noble/hashes/sha3.js')));
  const { secp256k1 } = parseCurve(await import(require.resolve('@noble/curves/secp256k1.js')));
  const textHash = (text: string): Uint8Array => keccak(Buffer.from(text));
  const domain = keccak(Buffer.concat(DOMAIN.map(textHash)));
  const wallet = Buffer.from(address.slice(2).padStart(64, '0'), 'hex');
  const message = keccak(Buffer.concat([textHash(OWNERSHIP), wallet, textHash(nonce)]));
  const digest = keccak(Buffer.concat([Buffer.from('1901', 'hex'), domain, message]));
  const bytes = Buffer.from(signature.slice(2), 'hex');
  // v is 27 or 28, or 0 or 1.
  const recovery = bytes.subarray(64).map((v) => v % 27);
  try {
    const recovered = Buffer.concat([recovery, bytes.subarray(0, 64)]);
    const key = secp256k1.recoverPublicKey(recovered, digest, { prehash: false });
    const point = secp256k1.Point.fromBytes(key).toBytes(false).subarray(1);
    return `0x${Buffer.from(keccak(point).subarray(12)).toString('hex')}`;
  } catch (error) {
    // No point of the curve has such a signature.
    throw Error.isError(error) ? new RecordError('VENUE_KEY_REJECTED') : error;
  }
}

type Hash = (bytes: Uint8Array) => Uint8Array;

interface Curve {
  readonly recoverPublicKey: (
    signature: Uint8Array,
    digest: Uint8Array,
    options: { readonly prehash: false },
  ) => Uint8Array;
  readonly Point: {
    readonly fromBytes: (key: Uint8Array) => {
      readonly toBytes: (isCompressed: boolean) => Uint8Array;
    };
  };
}

function parseHash(module: unknown): { readonly keccak_256: Hash } {
  return parseRow(module, 'module') as unknown as { readonly keccak_256: Hash };
}

function parseCurve(module: unknown): { readonly secp256k1: Curve } {
  return parseRow(module, 'module') as unknown as { readonly secp256k1: Curve };
}
