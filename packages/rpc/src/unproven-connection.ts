// A connection to whoever answers at an address: for what needs no trust in the other end.

import { ChannelCredentials, type ClientOptions } from '@grpc/grpc-js';

/** Evidence is verified in milliseconds; a connection over a slow line takes seconds. */
const TIMEOUT = '15s';

export function openUnproven(): [ChannelCredentials, ClientOptions] {
  const credentials = ChannelCredentials.createSsl(null, null, null, { rejectUnauthorized: false });
  return [
    credentials,
    {
      'grpc.service_config': JSON.stringify({ methodConfig: [{ name: [{}], timeout: TIMEOUT }] }),
      'grpc.service_config_disable_resolution': 1,
      // Any name but an address, which may not be one (RFC 6066, section 3).
      'grpc.ssl_target_name_override': 'track-record-enclave',
      // A proxy named by the environment has no part in this connection.
      'grpc.enable_http_proxy': 0,
    },
  ];
}
