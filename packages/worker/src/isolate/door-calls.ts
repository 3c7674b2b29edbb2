// What the door's isolate is given, what it may be asked, and what it may ask of the record.

import type {
  AttestationEvidence,
  ComponentHealth,
  ShareProgress,
} from '@track-record/rpc/sources';

export interface DoorGiven {
  readonly databaseUrl: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls: { readonly certificatePem: string; readonly privateKeyPem: string };
  /** What was last said by `offer`; null before. */
  readonly isSealed: boolean | null;
}

export type DoorCalls = {
  /** Opens the door, and says what it may show: sealed, evidence and health alone. Its port. */
  readonly offer: (isSealed: boolean) => Promise<number>;
  /** See requestHandOver. */
  readonly askPeer: (given: {
    readonly endpoint: string;
    readonly evidence: Uint8Array;
    readonly release: Uint8Array;
  }) => Promise<readonly Uint8Array[]>;
  readonly stop: (graceMs: number) => Promise<null>;
};

/** Only the record holds keys: what takes one is asked of it, and answered sealed or signed. */
export type RecordCalls = {
  readonly attestation: (given: {
    readonly nonce: Uint8Array;
    readonly fresh: boolean;
  }) => Promise<AttestationEvidence>;
  readonly health: (given: null) => Promise<RecordHealth>;
  readonly submitShare: (given: {
    readonly holder: string;
    readonly sealedShare: Uint8Array;
  }) => Promise<ShareProgress>;
  readonly handOver: (given: {
    readonly evidence: Uint8Array;
    readonly release: Uint8Array;
  }) => Promise<readonly Uint8Array[]>;
  /** A call failed as none should. */
  readonly bug: (text: string) => Promise<null>;
};

export type RecordHealth = Omit<ComponentHealth, 'database'>;
