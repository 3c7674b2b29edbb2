// The embedded server over its life: it lasts, it refuses company, and it does not outlive its
// owner.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './index.ts';

const home = mkdtempSync(join(tmpdir(), 'track-record-test-'));
chmodSync(home, 0o755);

const owners: ChildProcess[] = [];

afterAll(() => {
  for (const owner of owners) owner.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

function start(directory: string | null, durable = true): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ directory, durable, random: randomBytes });
}

async function query(url: string, text: string): Promise<readonly object[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** Another process that starts a server on the directory and prints where it is. */
async function startElsewhere(
  directory: string | null,
): Promise<{ process: ChildProcess; url: string; pid: number; data: string }> {
  const entry = JSON.stringify(join(import.meta.dirname, 'index.ts'));
  const script = `
    import { randomBytes } from 'node:crypto';
    const { startEmbeddedPostgres } = await import(${entry});
    const options = { directory: ${JSON.stringify(directory)}, durable: true, random: randomBytes };
    const server = await startEmbeddedPostgres(options);
    console.log(JSON.stringify({ url: server.url, data: server.dataDirectory }));
    setInterval(() => undefined, 1_000);`;
  const flags = ['--conditions=@track-record/source', '--input-type=module', '--eval', script];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  owners.push(child);
  const [line] = await once(child.stdout, 'data');
  const { url, data } = JSON.parse(String(line));
  const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
  return { process: child, url, pid, data };
}

async function waitUntil(done: () => boolean): Promise<void> {
  for (let tries = 0; !done() && tries < 200; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(done()).toBe(true);
}

describe('accepts', () => {
  it('a directory that lasts: what was written is there after a restart', async () => {
    const directory = join(home, 'lasting');
    const first = await start(directory);
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await start(directory);
    expect(await query(second.url, 'table kept')).toEqual([{ answer: 42 }]);
    const settings = ['fsync', 'full_page_writes', 'synchronous_commit'];
    for (const name of settings) {
      expect(await query(second.url, `show ${name}`)).toEqual([{ [name]: 'on' }]);
    }
    expect(statSync(join(directory, 'password')).mode & 0o777).toBe(0o600);
    await second.stop();
  });

  it('a directory whose server was killed, and one whose lock names another program', async () => {
    const directory = join(home, 'killed');
    const first = await startElsewhere(directory);
    await query(first.url, 'create table kept as select 1 as n');
    process.kill(first.pid, 'SIGKILL');
    const second = await start(directory, false);
    expect(await query(second.url, 'table kept')).toEqual([{ n: 1 }]);
    await second.stop();
    first.process.kill('SIGKILL');
    writeFileSync(join(first.data, 'postmaster.pid'), `${process.pid}\n`, { mode: 0o600 });
    const third = await start(directory, false);
    expect(await query(third.url, 'table kept')).toEqual([{ n: 1 }]);
    await third.stop();
  });

  it('a directory below one that is closed to others', async () => {
    const closed = join(home, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const directory = join(closed, 'postgres');
    const first = await start(directory);
    await query(first.url, 'create table kept as select 1 as n');
    await first.stop();
    const second = await start(directory);
    expect(await query(second.url, 'table kept')).toEqual([{ n: 1 }]);
    await second.stop();
    rmSync(join(second.dataDirectory, '..'), { recursive: true });
  });
});

describe('refuses', () => {
  it('STORE_DIRECTORY_IN_USE: a directory on which a server runs', async () => {
    const directory = join(home, 'used');
    const server = await start(directory, false);
    await expect(start(directory)).rejects.toMatchObject({ code: 'STORE_DIRECTORY_IN_USE' });
    expect(await query(server.url, 'select 1 as n')).toEqual([{ n: 1 }]);
    await server.stop();
  });

  it('STORE_START_FAILED: files that are no database, and the log says why', async () => {
    const directory = join(home, 'broken');
    mkdirSync(join(directory, 'cluster', 'data'), { recursive: true });
    const failure = await start(directory).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'STORE_START_FAILED', place: 'embedded.postgres' });
    expect(failure).toMatchObject({ cause: { message: expect.stringContaining('postgres') } });
  });

  it('a wrong password, and any way in but the loopback', async () => {
    const server = await start(null, false);
    const wrong = new URL(server.url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    expect(await query(server.url, 'show listen_addresses')).toEqual([
      { listen_addresses: '127.0.0.1' },
    ]);
    expect(await query(server.url, 'show unix_socket_directories')).toEqual([
      { unix_socket_directories: '' },
    ]);
    await server.stop();
  });
});

describe('holds', () => {
  it('a server does not outlive its owner, and the next start removes what it left', async () => {
    const orphan = await startElsewhere(null);
    orphan.process.kill('SIGKILL');
    await waitUntil(() => !existsSync(`/proc/${orphan.pid}`));
    expect(existsSync(orphan.data)).toBe(true);
    const next = await start(null, false);
    expect(existsSync(orphan.data)).toBe(false);
    await next.stop();
    expect(existsSync(next.dataDirectory)).toBe(false);
  });

  it('nothing of our environment reaches the server', async () => {
    const server = await start(null, false);
    const pid = readFileSync(join(server.dataDirectory, 'postmaster.pid'), 'utf8').split(
      '\n',
      1,
    )[0];
    const environment = spawnSync('cat', [`/proc/${pid}/environ`], { encoding: 'utf8' }).stdout;
    const names = environment.split('\0').map((line) => line.split('=', 1)[0]);
    expect(names.filter((name) => name !== '' && !name?.startsWith('PG')).toSorted()).toEqual([
      'LC_ALL',
      'PATH',
    ]);
    await server.stop();
  });
});
