export {
  connectRpc,
  remediationOf,
  signOwnerToken,
  type AccountStatus,
  type HourlyReturn,
  type OwnerClaims,
  type RpcClient,
  type RpcClientOptions,
} from '@track-record/rpc/client';
export {
  createGateway,
  type ClaimAnswer,
  type ClaimRequest,
  type ConnectAccountRequest,
  type DisclosureChoice,
  type Gateway,
  type GatewayOptions,
} from './gateway.ts';
export type { CallOptions, WriteOptions } from './ask.ts';
export {
  openEnclave,
  type BoundKeys,
  type Enclave,
  type EnclaveOptions,
  type EvidenceJson,
} from './enclave.ts';
export { sealCredentials, type Credentials } from './seal-credentials.ts';
export { verifyEvidence, type EvidenceOptions } from './verify-evidence.ts';
export type { Statement, Window } from './released.ts';
export type { CallerTransaction } from './query.ts';
