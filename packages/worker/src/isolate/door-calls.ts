// What the door's isolate is given, what it may be asked, and what it may ask of the record.

import type {
  AttestationEvidence,
  ComponentHealth,
  Metrics,
  MonthlyTable,
  RecordWindow,
  ReturnPeriodName,
  ShareProgress,
} from '@track-record/rpc/sources';

/** Files and names by which the door knows its callers. */
export interface DoorAccess {
  readonly clientCaFile: string;
  readonly issuerKeyFile: string;
  readonly trustDomain: string;
}

export interface DoorGiven {
  readonly databaseUrl: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls: { readonly certificatePem: string; readonly privateKeyPem: string };
  /** Null leaves the door open, in development. */
  readonly access: DoorAccess | null;
  /** Development: see clock.ts. */
  readonly clockFile: string | null;
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
export type RecordCalls = FiguresCalls & {
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

export type RecordHealth = Omit<ComponentHealth, 'database' | 'scheduler'>;

/** What the isolate of the figures is given, and asked; the record passes the questions on. */
export interface FiguresGiven {
  readonly databaseUrl: string;
}

export type FiguresCalls = {
  readonly metrics: (given: {
    readonly window: RecordWindow;
    readonly period: ReturnPeriodName;
  }) => Promise<Metrics>;
  readonly monthlyTable: (given: { readonly window: RecordWindow }) => Promise<MonthlyTable>;
};
