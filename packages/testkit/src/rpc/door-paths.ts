// Every method of the door, as a path of HTTP/2.

export const doorPaths: readonly string[] = [
  '/grpc.health.v1.Health/Check',
  '/grpc.health.v1.Health/Watch',
  '/trackrecord.v1.Attestation/GetAttestation',
  '/trackrecord.v1.Checkpoint/GetCheckpoint',
  '/trackrecord.v1.Results/ExportStatements',
  '/trackrecord.v1.Results/GetDailyReturns',
  '/trackrecord.v1.Results/GetHourlyReturns',
  '/trackrecord.v1.Results/GetMetrics',
  '/trackrecord.v1.Results/GetMonthlyReturns',
  '/trackrecord.v1.Status/GetStatus',
  '/trackrecord.v1.Unseal/RequestHandOver',
  '/trackrecord.v1.Unseal/SubmitShare',
  '/trackrecord.v1.Watch/WatchStatus',
];
