// The parts of a scenario, for venues that have only one of them: a history of its own each, with
// its own book and truth. What moves between the parts comes from outside, or goes there.

import { bookReader } from './book.ts';
import type { Scenario } from './build-scenario.ts';
import type { Deposit, ScenarioEvent, Transfer, Withdrawal } from './events.ts';
import { computeTruth } from './truth.ts';
import { HOUR_MS } from './prices.ts';

/** The mark of a deposit or withdrawal that came from, or went to, the other part. */
export const OTHER_PART = 'other-part';

/** The spot and funding wallets. */
export function spotOf(scenario: Scenario): Scenario {
  return withEvents(
    scenario,
    scenario.events.flatMap((event): readonly ScenarioEvent[] => {
      if (event.kind === 'futures-fill' || event.kind === 'funding') return [];
      if (event.kind === 'reward' && event.wallet === 'futures') return [];
      if (event.kind !== 'transfer') return [event];
      if (event.to === 'futures') return [withdrawalOf(event)];
      return event.from === 'futures' ? [depositOf(event)] : [event];
    }),
  );
}

/** The futures wallet; money comes in and leaves through the spot wallet. */
export function futuresOf(scenario: Scenario): Scenario {
  return withEvents(
    scenario,
    scenario.events.flatMap((event): readonly ScenarioEvent[] => {
      if (event.kind === 'futures-fill' || event.kind === 'funding') return [event];
      if (event.kind === 'reward') return event.wallet === 'futures' ? [event] : [];
      if (event.kind !== 'transfer') return [];
      if (event.to === 'futures') return [depositOf(event), event];
      return event.from === 'futures' ? [event, withdrawalOf(event)] : [];
    }),
  );
}

function withEvents(scenario: Scenario, events: readonly ScenarioEvent[]): Scenario {
  const { prices, start, end } = scenario;
  return {
    ...scenario,
    events,
    readBook: () => bookReader(events),
    truth: (hours = (end - start) / HOUR_MS) => computeTruth(events, prices, start, hours),
  };
}

function depositOf({ id, at, asset, amount }: Transfer): Deposit {
  const seen = { seenAt: at, unlockedAt: at, credited: true };
  return { kind: 'deposit', id, at, asset, amount, txId: OTHER_PART, ...seen };
}

function withdrawalOf({ id, at, asset, amount }: Transfer): Withdrawal {
  const done = { networkFee: 0n, completedAt: at, cancelled: false };
  return { kind: 'withdrawal', id, at, asset, amount, txId: OTHER_PART, ...done };
}
