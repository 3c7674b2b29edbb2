export {
  connectRpc,
  type AccountStatus,
  type HourlyReturn,
  type RpcClient,
  type RpcClientOptions,
} from '@track-record/rpc/client';
export {
  createGateway,
  type ConnectAccountRequest,
  type Gateway,
  type GatewayOptions,
  type Statement,
  type Window,
} from './gateway.ts';
export { sealCredentials, type Credentials } from './seal-credentials.ts';
export type { CallerTransaction } from './query.ts';
