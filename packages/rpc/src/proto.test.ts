// The interface itself: what can be said through it at all, and that it changes only on purpose. To
// change it, edit the .proto files, run `buf generate` in this package, add the field to the table
// below with its reviewer's consent, and after the release renew the baseline (`buf build
// --exclude-source-info -o proto/baseline.binpb`).

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fromBinary } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Type,
  FileDescriptorSetSchema,
  type DescriptorProto,
} from '@bufbuild/protobuf/wkt';

const ROOM = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/**
 * Every field that may cross the door. A string is of a closed form that wire.ts or arguments.ts
 * enforces.
 */
const FIELDS = `
grpc.health.v1.HealthCheckRequest.service            string   a component's name
grpc.health.v1.HealthCheckResponse.status            enum
trackrecord.v1.AccountStatus.account_id              string   UUID
trackrecord.v1.AccountStatus.backfill                message
trackrecord.v1.AccountStatus.code                    string   code of packages/errors
trackrecord.v1.AccountStatus.coverage                string   ratio
trackrecord.v1.AccountStatus.hours_missing           uint32
trackrecord.v1.AccountStatus.last_hour_ms            int64
trackrecord.v1.AccountStatus.queue_position          uint32
trackrecord.v1.AccountStatus.state                   enum
trackrecord.v1.AccountStatus.syncing                 bool
trackrecord.v1.Backfill.hours_done                   uint32
trackrecord.v1.Backfill.hours_total                  uint32
trackrecord.v1.Backfill.percent                      uint32
trackrecord.v1.ExportStatementsRequest.account_id    string   UUID
trackrecord.v1.ExportStatementsRequest.from_ms       int64
trackrecord.v1.ExportStatementsRequest.resume_token  bytes    0 or 24
trackrecord.v1.ExportStatementsRequest.to_ms         int64
trackrecord.v1.ExportStatementsResponse.resume_token bytes    24
trackrecord.v1.ExportStatementsResponse.statements   message
trackrecord.v1.Figure.name                           enum
trackrecord.v1.Figure.reason                         enum
trackrecord.v1.Figure.value                          string   ratio
trackrecord.v1.GetAttestationRequest.fresh           bool
trackrecord.v1.GetAttestationRequest.nonce           bytes    0 or 32 to 64
trackrecord.v1.GetAttestationResponse.evidence       bytes    what the attestation room binds
trackrecord.v1.GetAttestationResponse.evidence_format    string   name and version
trackrecord.v1.GetAttestationResponse.insecure       bool
trackrecord.v1.GetAttestationResponse.intake_public_key  bytes    32
trackrecord.v1.GetAttestationResponse.nonce_signature    bytes    64
trackrecord.v1.GetAttestationResponse.signing_public_key bytes    32
trackrecord.v1.GetAttestationResponse.tls_spki_sha256    bytes    32
trackrecord.v1.GetCheckpointResponse.checkpoint      bytes    signed note
trackrecord.v1.GetDailyReturnsRequest.account_id     string   UUID
trackrecord.v1.GetDailyReturnsRequest.from_ms        int64
trackrecord.v1.GetDailyReturnsRequest.resume_token   bytes    0 or 24
trackrecord.v1.GetDailyReturnsRequest.to_ms          int64
trackrecord.v1.GetDailyReturnsResponse.days          message
trackrecord.v1.GetDailyReturnsResponse.resume_token  bytes    24
trackrecord.v1.GetHourlyReturnsRequest.account_id    string   UUID
trackrecord.v1.GetHourlyReturnsRequest.from_ms       int64
trackrecord.v1.GetHourlyReturnsRequest.resume_token  bytes    0 or 24
trackrecord.v1.GetHourlyReturnsRequest.to_ms         int64
trackrecord.v1.GetHourlyReturnsResponse.hours        message
trackrecord.v1.GetHourlyReturnsResponse.resume_token bytes    24
trackrecord.v1.GetMetricsRequest.account_id          string   UUID
trackrecord.v1.GetMetricsRequest.from_ms             int64
trackrecord.v1.GetMetricsRequest.period              enum
trackrecord.v1.GetMetricsRequest.to_ms               int64
trackrecord.v1.GetMetricsResponse.figures            message
trackrecord.v1.GetMetricsResponse.hours_without_return uint32
trackrecord.v1.GetMetricsResponse.returns            uint32
trackrecord.v1.GetMonthlyReturnsRequest.account_id   string   UUID
trackrecord.v1.GetMonthlyReturnsResponse.months      message
trackrecord.v1.GetMonthlyReturnsResponse.years       message
trackrecord.v1.GetStatusRequest.account_id           string   UUID
trackrecord.v1.GetStatusRequest.owner_id             string   UUID
trackrecord.v1.GetStatusResponse.accounts            message
trackrecord.v1.HourlyReturn.coverage                 string   ratio
trackrecord.v1.HourlyReturn.hour_ms                  int64
trackrecord.v1.HourlyReturn.hourly_return            string   ratio
trackrecord.v1.HourlyReturn.provenance               enum
trackrecord.v1.HourlyReturn.reason                   string   one word
trackrecord.v1.HourlyReturn.sequence                 int64
trackrecord.v1.HourlyReturn.statement_hash           bytes    32
trackrecord.v1.HourlyReturn.status                   enum
trackrecord.v1.PeriodReturn.hours                    uint32
trackrecord.v1.PeriodReturn.period_return            string   ratio
trackrecord.v1.PeriodReturn.reason                   enum
trackrecord.v1.PeriodReturn.start_ms                 int64
trackrecord.v1.RequestHandOverRequest.evidence       bytes    the asker's own, public
trackrecord.v1.RequestHandOverRequest.release        bytes    a signed manifest, public
trackrecord.v1.RequestHandOverResponse.sealed_keys   bytes    HPKE to the key of that evidence
trackrecord.v1.SignedStatement.body                  bytes    canonical statement
trackrecord.v1.SignedStatement.signature             bytes    64
trackrecord.v1.SubmitShareRequest.holder             string   a name
trackrecord.v1.SubmitShareRequest.sealed_share       bytes    HPKE to the enclave's own key
trackrecord.v1.SubmitShareResponse.held              uint32
trackrecord.v1.SubmitShareResponse.threshold         uint32
trackrecord.v1.WatchStatusRequest.account_id         string   UUID
trackrecord.v1.WatchStatusRequest.owner_id           string   UUID
trackrecord.v1.WatchStatusResponse.accounts          message
`;

const METHODS = [
  'grpc.health.v1.Health/Check',
  'grpc.health.v1.Health/Watch',
  'trackrecord.v1.Attestation/GetAttestation',
  'trackrecord.v1.Checkpoint/GetCheckpoint',
  'trackrecord.v1.Results/ExportStatements',
  'trackrecord.v1.Results/GetDailyReturns',
  'trackrecord.v1.Results/GetHourlyReturns',
  'trackrecord.v1.Results/GetMetrics',
  'trackrecord.v1.Results/GetMonthlyReturns',
  'trackrecord.v1.Status/GetStatus',
  'trackrecord.v1.Unseal/RequestHandOver',
  'trackrecord.v1.Unseal/SubmitShare',
  'trackrecord.v1.Watch/WatchStatus',
];

let scratch = '';

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'track-record-proto-'));
});

afterAll(async () => {
  await rm(scratch, { recursive: true });
});

async function buf(...args: string[]): Promise<{ readonly exit: number; readonly output: string }> {
  return await run(join(ROOM, 'node_modules/.bin/buf'), args, { cwd: ROOM }).then(
    ({ stdout, stderr }) => ({ exit: 0, output: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      exit: error.code,
      output: error.stdout + error.stderr,
    }),
  );
}

describe('accepts', () => {
  it('every .proto file under lint, documented field by field', async () => {
    expect(await buf('lint')).toEqual({ exit: 0, output: '' });
  });

  it('the present interface beside the released one', async () => {
    const breaking = await buf('breaking', '--against', 'proto/baseline.binpb');
    expect(breaking).toEqual({ exit: 0, output: '' });
  });

  it('the committed generated code, byte for byte', async () => {
    await cp(join(ROOM, 'src/generated'), join(scratch, 'src/generated'), { recursive: true });
    expect(await buf('generate', '-o', scratch)).toEqual({ exit: 0, output: '' });
    const files = await filesUnder(join(ROOM, 'src/generated'));
    expect(files.length).toBeGreaterThan(3);
    expect(await filesUnder(join(scratch, 'src/generated'))).toEqual(files);
    for (const file of files) {
      const made = await readFile(join(scratch, 'src/generated', file), 'utf8');
      expect(made === (await readFile(join(ROOM, 'src/generated', file), 'utf8'))).toBe(true);
    }
  });
});

describe('refuses', () => {
  it('a change that breaks a client, and a field without its comment', async () => {
    const changed = join(scratch, 'changed');
    await cp(join(ROOM, 'proto'), join(changed, 'proto'), { recursive: true });
    await cp(join(ROOM, 'buf.yaml'), join(changed, 'buf.yaml'));
    const file = join(changed, 'proto/trackrecord/v1/results.proto');
    const text = await readFile(file, 'utf8');
    await writeFile(file, `${text.replace('int64 sequence', 'int32 sequence')}message Free {}\n`);
    const baseline = join(ROOM, 'proto/baseline.binpb');
    expect((await buf('breaking', changed, '--against', baseline)).output).toContain('"sequence"');
    expect((await buf('lint', changed)).output).toContain('non-empty comment');
  });
});

describe('holds', () => {
  it('a field of a speaking name, of a type without a form, or a float would be told', () => {
    for (const field of ['x.Y.api_key bytes', 'x.Y.free string', 'x.Y.ratio double']) {
      expect(couldCarryMore(field)).toBe(true);
    }
  });

  it('nothing but the listed fields and methods is expressible', async () => {
    const image = join(scratch, 'image.binpb');
    await buf('build', '-o', image);
    const { file } = fromBinary(FileDescriptorSetSchema, await readFile(image));
    const fields = file.flatMap((each) =>
      each.messageType.flatMap((message) => fieldsOf(each.package, message)),
    );
    const allowed = FIELDS.trim()
      .split('\n')
      .map((line) => line.split(/ +/).slice(0, 2).join(' '));
    expect(fields.toSorted()).toEqual(allowed.toSorted());
    expect(fields.filter((field) => couldCarryMore(field))).toEqual([]);
    const methods = file.flatMap((each) =>
      each.service.flatMap(({ name, method }) =>
        method.map((one) => `${each.package}.${name}/${one.name}`),
      ),
    );
    expect(methods.toSorted()).toEqual(METHODS);
  });
});

/** What no field may be called, in any of its words, however it is listed above. */
const SPOKEN_OF = new Set(
  `trade trades fill fills order orders symbol symbols asset assets instrument instruments amount
  amounts quantity size balance balances equity nav price value_in cost fee fees pnl profit secret
  password credential credentials api private text message note comment description detail details
  label memo json any`.split(/\s+/),
);
/** Whole numbers of hours, jobs, shares or milliseconds; a float is no exact ratio. */
const TYPES = /^(string|bytes|bool|enum|message|u?int(32|64))$/;

/** By its name or its type; a string or bytes moreover need their closed form in the table. */
function couldCarryMore(field: string): boolean {
  const [path = '', type = ''] = field.split(' ');
  const name = path.slice(path.lastIndexOf('.') + 1);
  const row = FIELDS.split('\n').find((line) => line.startsWith(`${path} `)) ?? '';
  const form = row.split(/ +/).slice(2).join(' ');
  return (
    name.split('_').some((word) => SPOKEN_OF.has(word)) ||
    !TYPES.test(type) ||
    (/string|bytes/.test(type) && form === '')
  );
}

function fieldsOf(scope: string, message: DescriptorProto): string[] {
  const name = `${scope}.${message.name}`;
  const own = message.field.map(
    (field) => `${name}.${field.name} ${FieldDescriptorProto_Type[field.type].toLowerCase()}`,
  );
  return [...own, ...message.nestedType.flatMap((nested) => fieldsOf(name, nested))];
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.filter((name) => name.endsWith('.ts')).toSorted();
}
