// Imported first by every isolate: from here on no code in it can start another thread, which
// Node's permission model would let choose its own permissions. Our own start of an isolate keeps
// the constructor that it took before.

import { syncBuiltinESMExports } from 'node:module';
import workerThreads from 'node:worker_threads';

Reflect.deleteProperty(workerThreads, 'Worker');
syncBuiltinESMExports();
