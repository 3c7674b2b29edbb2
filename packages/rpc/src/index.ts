export { startRpcServer, type RpcServer } from './server.ts';
export { requestHandOver } from './request-hand-over.ts';
export {
  type AccountStatus,
  type HandOverRequest,
  type HourlyReturn,
  type RpcSources,
  type SealedShare,
  type ShareProgress,
} from './sources.ts';
