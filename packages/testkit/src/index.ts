export { freshDatabase, type FreshDatabase } from './postgres/template-database.ts';
export { startBinanceSimulator } from './binance/simulator.ts';
export type { BinanceSimulator, BinanceSimulatorOptions } from './binance/simulator.ts';
export type { Fault, FaultKind } from './simulator/faults.ts';
export { fakeClock, type FakeClock } from './fake-clock.ts';
export { buildScenario, type Scenario, type ScenarioOptions } from './scenario/build-scenario.ts';
export { seededRandom, type Random } from './scenario/random.ts';
export type { ScenarioEvent } from './scenario/events.ts';
export type { TrueFlow, TrueHour } from './scenario/truth.ts';
export {
  SAMPLE_HOUR,
  sampleAccount,
  sampleReturn,
  sampleStatements,
} from './postgres/sample-record.ts';
export {
  selfSignedCertificate,
  type SelfSignedCertificate,
} from './tls/self-signed-certificate.ts';
export { hoursToText, ledgerFromText } from './ledger-text.ts';
export { fakeAmdAuthority, fakeCertificateTable } from './amd/fake-authority.ts';
export type { FakeAmdAuthority, FakeLeaf, LeafOptions } from './amd/fake-authority.ts';
export { fakeEvidence, type EvidenceChange, type FakeEvidence } from './amd/fake-evidence.ts';
export type { ReportOptions } from './amd/fake-report.ts';
export { fakeTsm, type FakeTsm, type FakeTsmOptions } from './tsm/fake-tsm.ts';
// The real door, for tests of rooms that may not import `rpc` themselves.
export { startRpcServer, type RpcServer } from '@track-record/rpc';
