export {
  startRpcServer,
  type RpcServer,
  type RpcServerOptions,
  type TlsKeyPair,
} from './server.ts';
export { requestHandOver } from './request-hand-over.ts';
export type { OnBug } from './calls.ts';
export {
  COMPONENTS,
  type AccountStateName,
  type AccountStatus,
  type AttestationEvidence,
  type Component,
  type ComponentHealth,
  type HandOverRequest,
  type HourlyReturn,
  type HourStatusName,
  type ProvenanceName,
  type RpcSources,
  type SealedShare,
  type ShareProgress,
  type SignedStatement,
} from './sources.ts';
