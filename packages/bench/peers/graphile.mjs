// graphile-worker with a task that does nothing: `node graphile.mjs JSON`, as engine.ts takes it.

import { makeWorkerUtils, run, Logger } from 'graphile-worker';

const MICROSECONDS = 1_000;
const options = JSON.parse(process.argv[2]);
const logger = new Logger(() => () => undefined);
const connection = { connectionString: options.url, logger };
const utils = await makeWorkerUtils(connection);
await utils.migrate();
await utils.addJobs(
  Array.from({ length: options.jobs }, (_, n) => ({ identifier: 'noop', payload: { n } })),
);
await utils.release();
const { promise: over, resolve } = Promise.withResolvers();
let done = 0;
const cpu = process.cpuUsage();
const started = performance.now();
const runner = await run({
  ...connection,
  concurrency: options.slots,
  maxPoolSize: options.bossConnections + options.storeConnections,
  noHandleSignals: true,
  pollInterval: 500,
  taskList: {
    noop: () => {
      done += 1;
      if (done === options.jobs) resolve();
    },
  },
});
await over;
await runner.stop();
const ms = performance.now() - started;
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ jobs: done, ms, cpuMs: (user + system) / MICROSECONDS, steps: {} }));
