export type { RpcAccess } from './access.ts';
export { startRpcServer, type RpcServer } from './server.ts';
export { requestHandOver } from './request-hand-over.ts';
export { type AccountStatus, type HourlyReturn, type RpcSources } from './sources.ts';
