import type { Verb } from '../verb.ts';

/**
 * Every verb by name, in the order the help lists them. One file per verb, read only when asked
 * for: who verifies a file does not load a database client.
 */
export const verbs: Readonly<Record<string, () => Promise<Verb>>> = {
  compute: async () => (await import('./compute.ts')).compute,
  metrics: async () => (await import('./metrics.ts')).metrics,
  portfolio: async () => (await import('./portfolio.ts')).portfolio,
  restatement: async () => (await import('./restatement.ts')).restatement,
  verify: async () => (await import('./verify.ts')).verify,
  'statement export': async () => (await import('./statement-export.ts')).statementExport,
  'statement prove': async () => (await import('./statement-prove.ts')).statementProve,
  status: async () => (await import('./status.ts')).status,
  watch: async () => (await import('./watch.ts')).watch,
  results: async () => (await import('./results.ts')).results,
  'log check': async () => (await import('./log-check.ts')).logCheck,
  'evidence get': async () => (await import('./evidence-get.ts')).evidenceGet,
  'evidence verify': async () => (await import('./evidence-verify.ts')).evidenceVerify,
  'attestation verify': async () => (await import('./attestation-verify.ts')).attestationVerify,
  'build verify': async () => (await import('./build-verify.ts')).buildVerify,
  measure: async () => (await import('./measure.ts')).measure,
  'venues fetch': async () => (await import('./venues-fetch.ts')).venuesFetch,
  'venues read': async () => (await import('./venues-read.ts')).venuesRead,
  'queue status': async () => (await import('./queue-status.ts')).queueStatus,
  'queue list': async () => (await import('./queue-list.ts')).queueList,
  'queue show': async () => (await import('./queue-show.ts')).queueShow,
  'queue retry': async () => (await import('./queue-retry.ts')).queueRetry,
  'queue cancel': async () => (await import('./queue-cancel.ts')).queueCancel,
  'queue drain': async () => (await import('./queue-drain.ts')).queueDrain,
  'queue metrics': async () => (await import('./queue-metrics.ts')).queueMetrics,
  'queue redrive': async () => (await import('./queue-redrive.ts')).queueRedrive,
  'accounts list': async () => (await import('./accounts-list.ts')).accountsList,
  'accounts show': async () => (await import('./accounts-show.ts')).accountsShow,
  'accounts pause': async () => (await import('./accounts-pause.ts')).accountsPause,
  'accounts reaggregate': async () =>
    (await import('./accounts-reaggregate.ts')).accountsReaggregate,
  'accounts resume': async () => (await import('./accounts-resume.ts')).accountsResume,
  'hours missing': async () => (await import('./hours-missing.ts')).hoursMissing,
  'schedule list': async () => (await import('./schedule-list.ts')).scheduleList,
  'worker check': async () => (await import('./worker-check.ts')).workerCheck,
  'keys list': async () => (await import('./keys-list.ts')).keysList,
  'keys split': async () => (await import('./keys-split.ts')).keysSplit,
  'keys rotate': async () => (await import('./keys-rotate.ts')).keysRotate,
  unseal: async () => (await import('./unseal.ts')).unseal,
  'database migrate': async () => (await import('./database-migrate.ts')).databaseMigrate,
};
