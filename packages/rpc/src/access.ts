// Who may ask what. A caller is who its certificate says, in the one name that our authority gives;
// an owner's accounts are shown to whoever also has that owner's word for this call. A method that
// the table does not name is refused to everybody. Certificates have been verified by TLS before;
// metadata is untrusted.

import type { PeerCertificate } from 'node:tls';
import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { RecordError } from '@track-record/errors';
import { tokenTaker, type OwnerScope } from './owner-token.ts';

const ROLES = ['gateway', 'operator', 'auditor'] as const;
type Role = (typeof ROLES)[number];

/** `public`: also without a certificate. `owned`: with an owner token besides. */
type Rule = 'public' | { readonly owned: readonly Role[] };

const progress: Rule = { owned: ['gateway', 'operator'] };
const results: Rule = { owned: ['gateway', 'auditor'] };

/**
 * Public health is whether the whole serves; its components are told to the roles. The unseal calls
 * are public because what they carry is sealed: shares to a key of the evidence,
 * the master key to an enclave whose own evidence is the question.
 */
export const rules: Readonly<Record<string, Rule>> = {
  '/grpc.health.v1.Health/Check': 'public',
  '/grpc.health.v1.Health/Watch': 'public',
  '/trackrecord.v1.Attestation/GetAttestation': 'public',
  '/trackrecord.v1.Checkpoint/GetCheckpoint': 'public',
  '/trackrecord.v1.Unseal/SubmitShare': 'public',
  '/trackrecord.v1.Unseal/RequestHandOver': 'public',
  '/trackrecord.v1.Status/GetStatus': progress,
  '/trackrecord.v1.Watch/WatchStatus': progress,
  '/trackrecord.v1.Results/GetHourlyReturns': results,
  '/trackrecord.v1.Results/GetDailyReturns': results,
  '/trackrecord.v1.Results/GetMonthlyReturns': results,
  '/trackrecord.v1.Results/GetMetrics': results,
  '/trackrecord.v1.Results/ExportStatements': results,
};

export interface RpcAccess {
  /** Certificates of the authorities that name clients, PEM. */
  readonly clientCaPem: string;
  /** Clients are `spiffe://DOMAIN/role/ROLE`; tokens are for `spiffe://DOMAIN/enclave`. */
  readonly trustDomain: string;
  readonly issuerKeysPem: string;
}

export interface Caller {
  /** Whether it has one of the roles; of an open door everybody has. */
  readonly isNamed: boolean;
  /** Null when the door is open: whoever reaches it asks about everybody. */
  readonly scope: OwnerScope | null;
}

interface Peer {
  readonly identity: string;
  readonly role: Role | null;
}

/** A call, as far as it is looked at here. */
export type Approach = Pick<
  ServerUnaryCall<unknown, unknown>,
  'getPath' | 'getPeer' | 'getAuthContext'
> & {
  readonly metadata: Metadata;
};

/** `access` null is an open door: for development, on loopback. */
export function gatekeeper(
  access: RpcAccess | null,
  now: () => number,
  seen: Map<string, number>,
): (call: Approach, count: (identity: string) => void) => Caller {
  const peers = new WeakMap<PeerCertificate, Peer>();
  const domain = access?.trustDomain ?? '';
  const audience = `spiffe://${domain}/enclave`;
  const take = access === null ? null : tokenTaker({ ...access, audience, now, seen });

  function peerOf(call: Approach): Peer {
    const certificate = call.getAuthContext().sslPeerCertificate;
    if (certificate === undefined) return { identity: addressOf(call.getPeer()), role: null };
    const known = peers.get(certificate);
    if (known !== undefined) return known;
    // The whole list of names, so that no further name can be taken for a part of it.
    const is = (role: Role) => certificate.subjectaltname === `URI:spiffe://${domain}/role/${role}`;
    const peer = { identity: certificate.fingerprint256, role: ROLES.find(is) ?? null };
    peers.set(certificate, peer);
    return peer;
  }

  return (call, count) => {
    const { identity, role } = peerOf(call);
    count(identity);
    const rule = rules[call.getPath()];
    const isNamed = role !== null || take === null;
    if (rule === 'public' || take === null) return { isNamed, scope: null };
    if (role === null) throw new RecordError('RPC_UNAUTHENTICATED');
    if (rule?.owned.includes(role) !== true) throw new RecordError('RPC_FORBIDDEN');
    const [given, ...more] = call.metadata.get('authorization');
    if (typeof given !== 'string' || more.length > 0 || !given.startsWith('Bearer ')) {
      throw new RecordError('RPC_UNAUTHENTICATED');
    }
    return { isNamed, scope: take(given.slice('Bearer '.length)) };
  };
}

/** The owner asked about: that of the token. RPC_FORBIDDEN when the request names another. */
export function ownerOf({ scope }: Caller, named: string): string {
  if (scope !== null && scope.ownerId !== named) throw new RecordError('RPC_FORBIDDEN');
  return named;
}

/** Whether the token speaks of this account at all. */
export function isInScope({ scope }: Caller, accountId: string): boolean {
  return scope === null || (scope.accountIds?.includes(accountId) ?? true);
}

/** Without the port; of IPv6 the network that one subscriber has. */
function addressOf(peer: string): string {
  const address = peer.slice(0, peer.lastIndexOf(':'));
  return address.includes('.') ? address : address.split(':').slice(0, 4).join(':');
}
