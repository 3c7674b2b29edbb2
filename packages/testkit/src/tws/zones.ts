// The brokers' stories through their connectors, in the zone of the machine that this process is
// told to be in (TZ): prints, for each story, whether every hour has its true return.

import { buildWeek, HOUR_MS } from '../alpaca/scenario.ts';
import { liveKey, startAlpacaSimulator } from '../alpaca/simulator.ts';
import { hoursOf } from '../ibkr/hours.ts';
import { FLEX_QUERY, FLEX_TOKEN, startFlexSimulator } from '../ibkr/simulator.ts';
import { tellStory, WEEKS } from '../ibkr/story.ts';
import { returnsThrough, trueReturns } from '../simulator/returns-through.ts';
import { startRelay } from './relay.ts';
import { startTwsSimulator } from './simulator.ts';

const CREDENTIALS = { flexToken: FLEX_TOKEN, flexQueryId: FLEX_QUERY };
const ADDRESS = { host: '10.1.2.3', port: '4001' };

for (const [name, days] of Object.entries(WEEKS)) {
  const story = tellStory(days);
  const hours = hoursOf(story, 7);
  const flex = await startFlexSimulator(story.statementUntil(days.length - 1));
  const gateway = await startTwsSimulator({ barsOf: hours.barsOf });
  const relay = await startRelay(flex.port, gateway.port);
  const keys = { ...CREDENTIALS, ...ADDRESS };
  print(`tws ${name}`, await returnsThrough('tws', relay, hours, keys, () => hours.end), hours);
  for (const each of [relay, gateway, flex]) await each.close();
}
const week = buildWeek(11);
const now = (): number => week.end + 40 * HOUR_MS;
const alpaca = await startAlpacaSimulator({ week, now });
print('alpaca', await returnsThrough('alpaca', alpaca, week, liveKey, now), week);
await alpaca.close();

function print(
  name: string,
  { returns }: { readonly returns: readonly unknown[] },
  told: Parameters<typeof trueReturns>[0],
): void {
  const truth = trueReturns(told);
  const isTrue = returns.length === truth.length && truth.every((each, at) => each === returns[at]);
  console.log(
    `${name} ${isTrue ? 'true' : 'false'} in ${new Date(Date.UTC(2026, 0, 1)).getTimezoneOffset()}`,
  );
}
