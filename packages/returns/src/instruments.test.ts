// What every kind of instrument and event does to equity, flow and return, as text ledgers. Below
// the rule stands what each hour says. Rules: returns.md section 2.

import { describe, expect, test } from '@jest/globals';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { hoursToText, ledgerFromText } from '../../testkit/src/ledger-text.ts';
import { computeHours } from './index.ts';

const margin: Record<string, string> = {
  'a short sale of borrowed coins: the loan has an entry, the interest is a cost': `
    USDT 00:00 to 03:00
    anchor 00:00: USDT 10000
    00:05 l1 conversion: BTC 1, BTC -1
    00:10 s fill: BTC -0.1, USDT 5000
    01:00 i interest: BNB -0.01
    01:30 b fill: BTC 0.1, USDT -4900
    anchor 03:00: USDT 10100, BNB -0.01
    price BTC: 01:00 49500, 02:00 49000, 03:00 49000
    price BNB: 00:00 600, 01:00 600, 02:00 600, 03:00 600
    ---
    00:00 measured 10000 -> 10050 flow 0 pnl 50 return 0.005
    01:00 measured 10050 -> 10094 flow 0 pnl 44 return 0.004378109452736318
    02:00 measured 10094 -> 10094 flow 0 pnl 0 return 0`,

  'interest paid in the borrowed coin tells of the loan too': `
    USDT 00:00 to 02:00
    00:10 s fill: BTC -0.1, USDT 5000
    01:00 i interest: BTC -0.001
    01:30 b fill: BTC 0.101, USDT -4949
    anchor 02:00: USDT 10051
    price BTC: 01:00 49000, 02:00 49000
    ---
    00:00 measured 10000 -> 10100 flow 0 pnl 100 return 0.01
    01:00 measured 10100 -> 10051 flow 0 pnl -49 return -0.004851485148514851`,

  'the same sale without any loan: an entry is missing': `
    USDT 00:00 to 02:00
    00:10 s fill: BTC -0.1, USDT 5000
    01:30 b fill: BTC 0.1, USDT -4900
    anchor 02:00: USDT 10100
    price BTC: 01:00 49500
    ---
    00:00 quarantined 10000 -> 10050 flow 0 pnl 50 return balance_below_zero
    01:00 quarantined 10050 -> 10100 flow 0 pnl 50 return balance_below_zero`,

  'interest that is received is no loan': `
    USDT 00:00 to 01:00
    00:05 i interest: BTC 0.01
    00:10 s fill: BTC -0.1, USDT 5000
    00:20 b fill: BTC 0.09, USDT -4500
    anchor 01:00: USDT 10500
    price BTC: 00:00 50000
    ---
    00:00 quarantined 10000 -> 10500 flow 0 pnl 500 return balance_below_zero`,

  'cash on margin: more shares than cash, and interest on the debt': `
    USD 00:00 to 02:00
    ACME is equity ACME USD USD
    00:10 a fill: ACME 150 @ 100, USD -15000, USD -1 fee
    01:00 i interest: USD -2.5
    anchor 02:00: USD -5003.5, ACME 150 @ 100
    mark ACME: 01:00 102, 02:00 101
    ---
    00:00 measured 10000 -> 10299 flow 0 pnl 299 return 0.0299
    01:00 measured 10299 -> 10146.5 flow 0 pnl -152.5 return -0.014807262841052529`,
};

const futures: Record<string, string> = {
  'an inverse perpetual averages harmonically and earns coins': `
    USD 00:00 to 02:00
    PERP is inverse BTC USD BTC size 100
    00:10 a fill: PERP 100 @ 20000
    00:20 b fill: PERP 100 @ 50000
    01:30 c fill: PERP -200 @ 40000
    anchor 02:00: BTC 1.2
    price BTC: 00:00 20000, 01:00 40000, 02:00 40000
    mark PERP: 01:00 40000
    ---
    00:00 measured 20000 -> 48000 flow 0 pnl 28000 return 1.4
    01:00 measured 48000 -> 48000 flow 0 pnl 0 return 0`,

  'a dated future that settles in its coin pays like an inverse one, at expiry too': `
    USD 00:00 to 02:00
    MAR is future BTC USD BTC size 100
    00:10 a fill: MAR -100 @ 50000, BTC -0.0001 fee
    01:00 x settlement: MAR 100 @ 40000
    anchor 02:00: BTC 1.0499
    price BTC: 00:00 50000, 01:00 40000, 02:00 40000
    mark MAR: 01:00 40000
    ---
    00:00 measured 50000 -> 41996 flow 0 pnl -8004 return -0.16008
    01:00 measured 41996 -> 41996 flow 0 pnl 0 return 0`,

  'a dated future in dollars with a multiplier expires at its settlement price': `
    USD 00:00 to 02:00
    ESH6 is future SPX USD USD multiplier 50
    00:10 a fill: ESH6 2 @ 5000, USD -4.5 fee
    01:30 x settlement: ESH6 -2 @ 5012.25
    anchor 02:00: USD 51220.5
    mark ESH6: 01:00 4990
    ---
    00:00 measured 50000 -> 48995.5 flow 0 pnl -1004.5 return -0.02009
    01:00 measured 48995.5 -> 51220.5 flow 0 pnl 2225 return 0.045412333785755835`,

  'a liquidation is a fill at a bad price, with its fee; what is left is left': `
    USDT 00:00 to 01:00
    PERP is linear ETH USDT USDT size 1
    anchor 00:00: USDT 1000, PERP 10 @ 2000
    00:30 a fill: PERP -10 @ 1910
    00:30 b fee: USDT -95.5
    anchor 01:00: USDT 4.5
    mark PERP: 00:00 2000
    ---
    00:00 measured 1000 -> 4.5 flow 0 pnl -995.5 return -0.9955`,

  'a loss beyond the collateral that the insurance fund pays': `
    USDT 00:00 to 02:00
    PERP is linear ETH USDT USDT size 1
    anchor 00:00: USDT 1000, PERP 10 @ 2000
    00:30 a fill: PERP -10 @ 1890
    00:30 b adjustment: USDT 100
    anchor 02:00: USDT 0
    mark PERP: 00:00 2000
    ---
    00:00 ruined 1000 -> 0 flow 0 pnl -1000 return -1
    01:00 no_capital 0 -> 0 flow 0 pnl 0 return equity_not_positive`,

  'auto-deleveraging closes a winner at the bankruptcy price of the loser': `
    USDT 00:00 to 01:00
    PERP is linear ETH USDT USDT size 1
    anchor 00:00: USDT 1000, PERP -10 @ 2000
    00:30 a fill: PERP 4 @ 1850
    anchor 01:00: USDT 1600, PERP -6 @ 2000
    mark PERP: 00:00 1900, 01:00 1840
    ---
    00:00 measured 2000 -> 2560 flow 0 pnl 560 return 0.28`,

  'funding belongs to the hour that begins with it, and may be received': `
    USDT 00:00 to 02:00
    PERP is linear ETH USDT USDT size 1 posted
    anchor 00:00: USDT 1000, PERP -1 @ 2000
    01:00 f funding: USDT 0.2
    anchor 02:00: USDT 1000.2, PERP -1 @ 2000
    mark PERP: 00:00 2000, 01:00 2000, 02:00 2000
    ---
    00:00 measured 1000 -> 1000 flow 0 pnl 0 return 0
    01:00 measured 1000 -> 1000.2 flow 0 pnl 0.2 return 0.0002`,
};

const options: Record<string, string> = {
  'a call is exercised: the option goes, the shares come at the strike': `
    USD 00:00 to 02:00
    CALL is option ACME USD USD multiplier 100
    ACME is equity ACME USD USD
    00:10 a fill: CALL 1 @ 6, USD -600
    01:30 x settlement: CALL -1 @ 0
    01:30 y fill: ACME 100 @ 100, USD -10000
    anchor 02:00: USD 9400, ACME 100 @ 100
    mark CALL: 01:00 7
    mark ACME: 02:00 108
    ---
    00:00 measured 20000 -> 20100 flow 0 pnl 100 return 0.005
    01:00 measured 20100 -> 20200 flow 0 pnl 100 return 0.004975124378109453`,

  'a written put is assigned': `
    USD 00:00 to 02:00
    PUT is option ACME USD USD multiplier 100
    ACME is equity ACME USD USD
    00:10 a fill: PUT -1 @ 3, USD 300, USD -1 fee
    01:30 x settlement: PUT 1 @ 0
    01:30 y fill: ACME 100 @ 100, USD -10000
    anchor 02:00: USD 299, ACME 100 @ 100
    mark PUT: 01:00 4
    mark ACME: 02:00 95
    ---
    00:00 measured 10000 -> 9899 flow 0 pnl -101 return -0.0101
    01:00 measured 9899 -> 9799 flow 0 pnl -100 return -0.010102030508132135`,

  'worthless at expiry: the writer keeps the premium': `
    USD 00:00 to 02:00
    CALL is option ACME USD USD multiplier 10
    00:10 a fill: CALL -5 @ 2, USD 100
    01:30 x settlement: CALL 5 @ 0
    anchor 02:00: USD 10100
    mark CALL: 01:00 1
    ---
    00:00 measured 10000 -> 10050 flow 0 pnl 50 return 0.005
    01:00 measured 10050 -> 10100 flow 0 pnl 50 return 0.004975124378109453`,

  'a coin-settled option is paid, marked and settled in its coin': `
    USD 00:00 to 02:00
    BTC-50K-C is option BTC USD BTC size 1
    00:10 a fill: BTC-50K-C 2 @ 0.05, BTC -0.1, BTC -0.0006 fee
    01:30 x settlement: BTC-50K-C -2 @ 0.08, BTC 0.16
    anchor 02:00: BTC 1.0594
    price BTC: 00:00 50000, 01:00 51000, 02:00 54000
    mark BTC-50K-C: 01:00 0.06
    ---
    00:00 measured 50000 -> 51989.4 flow 0 pnl 1989.4 return 0.039788
    01:00 measured 51989.4 -> 57207.6 flow 0 pnl 5218.2 return 0.100370460132257729`,
};

const shares: Record<string, string> = {
  'short shares: the borrow fee and the payment in lieu are costs': `
    USD 00:00 to 02:00
    ACME is equity ACME USD USD
    00:10 a fill: ACME -100 @ 50, USD 5000
    01:00 b fee: USD -1.25
    01:10 c dividend: USD -80
    anchor 02:00: USD 14918.75, ACME -100 @ 50
    mark ACME: 01:00 51, 02:00 49
    ---
    00:00 measured 10000 -> 9900 flow 0 pnl -100 return -0.01
    01:00 measured 9900 -> 10018.75 flow 0 pnl 118.75 return 0.011994949494949495`,

  'a dividend less the tax withheld, at the pay date': `
    USD 00:00 to 01:00
    ACME is equity ACME USD USD
    anchor 00:00: USD 0, ACME 100 @ 50
    00:10 a dividend: USD 80
    00:10 b withholding: USD -12
    anchor 01:00: USD 68, ACME 100 @ 50
    mark ACME: 00:00 50, 01:00 49.2
    ---
    00:00 measured 5000 -> 4988 flow 0 pnl -12 return -0.0024`,

  'a split of shares held as a position and of shares held as a balance': `
    USD 00:00 to 01:00
    ACME is equity ACME USD USD
    BETA is equity BETA USD USD
    anchor 00:00: ACME 10 @ 100, BETA 10
    00:10 a split: ACME x 4
    00:10 b split: BETA x 1.5
    anchor 01:00: ACME 40 @ 25, BETA 15
    mark ACME: 00:00 100, 01:00 25
    price BETA: 00:00 30, 01:00 20
    ---
    00:00 measured 1300 -> 1300 flow 0 pnl 0 return 0`,

  'a contract that is divided leaves the coins alone': `
    USD 00:00 to 01:00
    PERP is linear BTC USD USD size 1
    anchor 00:00: USD 100, BTC 2, PERP 1 @ 100
    00:10 a split: PERP x 10
    anchor 01:00: USD 100, BTC 2, PERP 10 @ 10
    price BTC: 00:00 110, 01:00 110
    mark PERP: 00:00 110, 01:00 11
    ---
    00:00 measured 330 -> 330 flow 0 pnl 0 return 0`,

  'one for three has no finite decimal: 15 digits of it are enough': `
    USD 00:00 to 01:00
    ACME is equity ACME USD USD
    BETA is equity BETA USD USD
    anchor 00:00: ACME 300 @ 10, BETA -33
    00:10 a split: ACME x 0.333333333333333
    00:10 b split: BETA x 0.333333333333333333333
    anchor 01:00: ACME 100 @ 30, BETA -11
    mark ACME: 00:00 10, 01:00 30
    price BETA: 00:00 2, 01:00 6
    ---
    00:00 measured 2934 -> 2934 flow 0 pnl 0 return 0`,

  'with cash in lieu of the fraction': `
    USD 00:00 to 01:00
    ACME is equity ACME USD USD
    anchor 00:00: USD 0, ACME 100 @ 10
    00:10 a split: ACME x 0.333333333333333333
    00:20 b fill: ACME -0.333333333333 @ 30, USD 9.99
    anchor 01:00: USD 9.99, ACME 33 @ 30
    mark ACME: 00:00 10, 01:00 30
    ---
    00:00 measured 1000 -> 999.99 flow 0 pnl -0.01 return -0.00001`,

  'or as the change of shares the broker reports': `
    USD 00:00 to 01:00
    ACME is equity ACME USD USD
    anchor 00:00: ACME 300 @ 10
    00:10 a conversion: ACME -200 @ 0
    anchor 01:00: ACME 100 @ 30
    mark ACME: 00:00 10, 01:00 30
    ---
    00:00 measured 3000 -> 3000 flow 0 pnl 0 return 0`,

  'a symbol change: the old goes, the new comes': `
    USD 00:00 to 02:00
    FB is equity FB USD USD
    META is equity META USD USD
    anchor 00:00: FB 10 @ 200
    01:00 a conversion: FB -10 @ 0
    01:00 b conversion: META 10 @ 0
    anchor 02:00: META 10 @ 200
    mark FB: 00:00 200, 01:00 210
    mark META: 02:00 220
    ---
    00:00 measured 2000 -> 2100 flow 0 pnl 100 return 0.05
    01:00 measured 2100 -> 2200 flow 0 pnl 100 return 0.047619047619047619`,

  'a merger for shares and cash': `
    USD 00:00 to 01:00
    OLD is equity OLD USD USD
    NEW is equity NEW USD USD
    anchor 00:00: USD 0, OLD 100 @ 20
    00:30 a conversion: OLD -100 @ 0, USD 500
    00:30 b conversion: NEW 50 @ 0
    anchor 01:00: USD 500, NEW 50 @ 32
    mark OLD: 00:00 20
    mark NEW: 01:00 32
    ---
    00:00 measured 2000 -> 2100 flow 0 pnl 100 return 0.05`,

  'a spin-off: more shares, at no cost, and the parent is worth less': `
    USD 00:00 to 01:00
    PARENT is equity PARENT USD USD
    CHILD is equity CHILD USD USD
    anchor 00:00: PARENT 100 @ 20
    00:30 a conversion: CHILD 25 @ 0
    anchor 01:00: PARENT 100 @ 20, CHILD 25 @ 8
    mark PARENT: 00:00 20, 01:00 18
    mark CHILD: 01:00 8
    ---
    00:00 measured 2000 -> 2000 flow 0 pnl 0 return 0`,

  'a delisting: the last price is carried for a while, then nothing is said until the write-off': `
    USD 00:00 to 123:00
    GONE is equity GONE USD USD
    anchor 00:00: USD 1000, GONE 10 @ 50
    122:30 w adjustment: GONE -10 @ 0
    anchor 123:00: USD 1000
    mark GONE: 00:00 50
    ---
    00:00 market_closed 1500 -> 1500 flow 0 pnl 0 return 0
    ...
    119:00 market_closed 1500 -> 1500 flow 0 pnl 0 return 0
    120:00 unpriced 1500 -> null flow 0 pnl null return asset_without_price
    121:00 unpriced null -> null flow 0 pnl null return asset_without_price
    122:00 unpriced null -> 1000 flow 0 pnl null return asset_without_price`,
};

const cash: Record<string, string> = {
  'cash in several currencies: trades of them are neutral, their rates are not': `
    EUR 00:00 to 02:00
    EURUSD is fx EUR USD USD
    00:10 a fill: EUR -1000, USD 1100, USD -2 fee
    01:10 b fill: USD -549, GBP 450
    anchor 02:00: EUR 1000, USD 549, GBP 450
    price EUR/USD: 00:00 1.1, 01:00 1.098, 02:00 1.098
    price GBP: 00:00 1.2, 01:00 1.2, 02:00 1.1
    ---
    00:00 measured 2000 -> 2000 flow 0 pnl 0 return 0
    01:00 measured 2000 -> 1995 flow 0 pnl -5 return -0.0025`,

  'a fee in a third asset, and a rebate': `
    USDT 00:00 to 01:00
    anchor 00:00: USDT 6000, BNB 1
    00:10 a fill: BTC 0.1, USDT -6000, BNB -0.0075 fee
    00:20 b rebate: USDT 0.6
    anchor 01:00: BTC 0.1, USDT 0.6, BNB 0.9925
    price BTC: 00:00 60000, 01:00 60000
    price BNB: 00:00 600, 01:00 600
    ---
    00:00 measured 6600 -> 6596.1 flow 0 pnl -3.9 return -0.000590909090909091`,

  'staking pays income; dust becomes another coin': `
    USD 00:00 to 01:00
    anchor 00:00: ETH 1, DOGE 3
    00:10 a reward: ETH 0.001
    00:20 b conversion: DOGE -3, BNB 0.0007, BNB -0.00002 fee
    anchor 01:00: ETH 1.001, BNB 0.00068
    price ETH: 00:00 2000, 01:00 2000
    price DOGE: 00:00 0.15, 01:00 0.15
    price BNB: 00:00 600, 01:00 600
    ---
    00:00 measured 2000.45 -> 2002.408 flow 0 pnl 1.958 return 0.000978779774550726`,

  'an airdrop counts nothing until its first price': `
    USD 00:00 to 04:00
    00:10 a airdrop: NEWT 50
    anchor 04:00: USD 100, NEWT 50
    price NEWT: 02:00 0.1, 03:00 0.2, 04:00 0.2
    ---
    00:00 measured 100 -> 100 flow 0 pnl 0 return 0 (counted_as_zero)
    01:00 measured 100 -> 105 flow 0 pnl 5 return 0.05
    02:00 measured 105 -> 110 flow 0 pnl 5 return 0.047619047619047619
    03:00 measured 110 -> 110 flow 0 pnl 0 return 0`,

  'for longer than any price is carried, and out again': `
    USD 00:00 to 150:00
    00:10 a airdrop: SPAM 50
    149:10 b flow: SPAM -20
    149:20 c flow: USD 100
    anchor 150:00: USD 200, SPAM 30
    ---
    00:00 measured 100 -> 100 flow 0 pnl 0 return 0 (counted_as_zero)
    ...
    149:00 measured 100 -> 200 flow 100 pnl 0 return 0 (counted_as_zero)`,

  'a deposit of it is no gift': `
    USD 00:00 to 02:00
    00:10 a airdrop: NEWT 1
    01:10 b flow: NEWT 1000000
    anchor 02:00: USD 100, NEWT 1000001
    ---
    00:00 measured 100 -> 100 flow 0 pnl 0 return 0 (counted_as_zero)
    01:00 unpriced 100 -> null flow null pnl null return asset_without_price`,

  'nor is an airdrop of what was held before': `
    USD 00:00 to 01:00
    00:10 a airdrop: NEWT 1
    anchor 01:00: USD 100, NEWT 2
    ---
    00:00 unpriced null -> null flow 0 pnl null return asset_without_price`,
};

const transfers: Record<string, string> = {
  'legs hours apart: in transit it stays in equity, the fee is the only cost': `
    USD 00:00 to 04:00
    anchor 00:00: BTC 2
    00:30 a transfer: BTC -2
    02:30 b transfer: BTC 1.9995
    anchor 04:00: BTC 1.9995
    price BTC: 00:00 60000, 01:00 60000, 02:00 61200, 03:00 61200, 04:00 61200
    ---
    00:00 measured 120000 -> 120000 flow 0 pnl 0 return 0
    01:00 measured 120000 -> 122400 flow 0 pnl 2400 return 0.02
    02:00 measured 122400 -> 122369.4 flow 0 pnl -30.6 return -0.00025
    03:00 measured 122369.4 -> 122369.4 flow 0 pnl 0 return 0`,

  'the fee as a posting of its own': `
    USD 00:00 to 02:00
    00:30 a transfer: BTC -1.9995, BTC -0.0005 fee
    01:30 b transfer: BTC 1.9995
    anchor 00:00: BTC 2
    price BTC: 00:00 60000, 01:00 60000, 02:00 60000
    ---
    00:00 measured 120000 -> 119970 flow 0 pnl -30 return -0.00025
    01:00 measured 119970 -> 119970 flow 0 pnl 0 return 0`,

  'both legs in one millisecond, the arrival with the smaller id': `
    USD 00:00 to 01:00
    00:30 b transfer: USD -100
    00:30 a transfer: USD 99
    anchor 01:00: USD 99
    ---
    00:00 measured 100 -> 99 flow 0 pnl -1 return -0.01`,

  'the transaction decides, however large its fee, and the nearest amount otherwise': `
    USD 00:00 to 02:00
    00:10 a transfer: USD -100, txid f00d
    00:20 b transfer: USD -80
    00:30 c transfer: USD -82
    01:10 d transfer: USD 80
    01:20 e transfer: USD 60, txid f00d
    01:30 f transfer: USD 81
    anchor 02:00: USD 221
    ---
    00:00 measured 262 -> 262 flow 0 pnl 0 return 0
    01:00 measured 262 -> 221 flow 0 pnl -41 return -0.156488549618320611`,

  'another transaction of the same amount is another transfer': `
    USD 00:00 to 01:00
    00:10 a transfer: USD -100, txid f00d
    00:20 b transfer: USD 100, txid beef
    anchor 01:00: USD 500
    ---
    00:00 measured 500 -> 600 flow 100 pnl 0 return 0 (transfer_unmatched)`,

  'more than left, or too little, is another transfer': `
    USD 00:00 to 01:00
    00:10 a transfer: USD -100
    00:20 b transfer: USD 100.01
    00:30 c transfer: USD 89.99
    anchor 01:00: USD 590
    ---
    00:00 measured 500 -> 690 flow 190 pnl 0 return 0 (transfer_unmatched)`,

  'what never arrives has left after a day': `
    USD 00:00 to 26:00
    00:30 a transfer: USD -100
    24:30 b transfer: USD 100
    anchor 26:00: USD 500
    ---
    00:00 measured 500 -> 500 flow 0 pnl 0 return 0
    ...
    23:00 measured 500 -> 500 flow 0 pnl 0 return 0
    24:00 measured 500 -> 500 flow 0 pnl 0 return 0 (transfer_unmatched)
    25:00 measured 500 -> 500 flow 0 pnl 0 return 0`,

  'until the day is over it is in transit': `
    USD 00:00 to 25:00
    01:00 a transfer: USD -100
    anchor 25:00: USD 400
    ---
    00:00 measured 500 -> 500 flow 0 pnl 0 return 0
    ...
    24:00 measured 500 -> 500 flow 0 pnl 0 return 0`,

  'a tenth may be a fee; of two that left alike the older one arrives first': `
    USD 00:00 to 25:00
    00:10 a transfer: USD -100
    00:50 b transfer: USD -100
    00:55 c transfer: USD 90
    24:20 d transfer: USD 100
    anchor 25:00: USD 490
    ---
    00:00 measured 500 -> 490 flow 0 pnl -10 return -0.02
    ...
    24:00 measured 490 -> 490 flow 0 pnl 0 return 0`,

  'a millisecond before the day is over it still arrives': `
    USD 00:00 to 25:00
    00:30 a transfer: USD -100
    24:29:59.999 b transfer: USD 100
    anchor 25:00: USD 500
    ---
    00:00 measured 500 -> 500 flow 0 pnl 0 return 0
    ...
    24:00 measured 500 -> 500 flow 0 pnl 0 return 0`,
};

describe('accepts: what is in transit at the end of the window', () => {
  test.each([
    ['it left before the end', '00:59:59.999', ['a']],
    ['at the end is in the next window', '01:00', []],
  ])('%s', (_name, at, ids) => {
    const text = `USD 00:00 to 01:00\n${at} a transfer: USD -1\nanchor 00:00: USD 100`;
    const { closing } = computeHours(parseLedgerDocument(ledgerFromText(text)));
    expect(closing.transit.map(({ id }) => id)).toEqual(ids);
  });

  test('what left a day before is lost in the next window', () => {
    const text = 'USD 00:00 to 25:00\n01:00 a transfer: USD -1\nanchor 00:00: USD 100';
    const { closing } = computeHours(parseLedgerDocument(ledgerFromText(text)));
    expect(closing.transit).toHaveLength(1);
  });
});

const rooms = { margin, futures, options, shares, cash, transfers };

describe.each(Object.entries(rooms))('accepts: %s', (_room, cases) => {
  test.each(Object.entries(cases))('%s', (_name, text) => {
    const [ledger = '', rule = ''] = text.split('---');
    const told = hoursToText(computeHours(parseLedgerDocument(ledgerFromText(ledger))));
    const expected = rule.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
    if (!expected.includes('...')) expect(told).toEqual(expected);
    else expect(told).toEqual(expect.arrayContaining(expected.filter((line) => line !== '...')));
  });
});
