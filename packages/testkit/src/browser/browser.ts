// Headless Chromium with one page of the module server: calls exported functions of the checkout's
// modules inside it. Needs Debian's `chromium`.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { startModuleServer } from './module-server.ts';

const EXECUTABLE = '/usr/bin/chromium';
/** No sandbox, because tests run as root in containers; and nothing that calls home. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where the module server has this folder. */
const FOLDER = '/packages/testkit/src/browser/';

/** Whether there is a browser on this machine. */
export const hasChromium = existsSync(EXECUTABLE);

export interface Browser {
  /** Calls `name` of a module of this folder (`./verdicts.ts`) with a value of plain JSON. */
  readonly call: (module: string, name: string, argument: unknown) => Promise<unknown>;
  /** Every address that was asked for something. */
  readonly requests: readonly string[];
  readonly origin: string;
  readonly close: () => Promise<void>;
}

/** The profile is a new one, and is deleted at `close`. */
export async function startBrowser(): Promise<Browser> {
  const server = await startModuleServer();
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
  const page = await browser.newPage();
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(server.origin);
  return {
    call: (module, name, argument) =>
      page.evaluate(callExport, {
        url: new URL(module, server.origin + FOLDER).href,
        name,
        argument,
      }),
    requests,
    origin: server.origin,
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}

/** Runs in the page, to which playwright sends its text. */
async function callExport(call: {
  readonly url: string;
  readonly name: string;
  readonly argument: unknown;
}): Promise<unknown> {
  const loaded: Readonly<Record<string, (argument: unknown) => unknown>> = await import(call.url);
  return await loaded[call.name]?.(call.argument);
}
