#!/usr/bin/env python3
"""A client of the enclave's door that shares no code with it: Debian's python3-grpcio, and messages
that protoc makes from packages/rpc/proto.

    apt-get install python3-grpcio python3-protobuf protobuf-compiler
    protoc -I packages/rpc/proto --python_out=generated $(find packages/rpc/proto -name '*.proto')
    PYTHONPATH=generated:generated/grpc/health/v1 /usr/bin/python3 docs/examples/client.py --help

Before the evidence is verified it asks for that and for health, and sends nothing of its own; then
it speaks only to the TLS key that the evidence binds. Each call about an owner's accounts takes a
token of its own.
"""

import argparse
import base64
import datetime
import decimal
import hashlib
import json
import os
import shlex
import ssl
import subprocess
import sys

import grpc
import health_pb2
from trackrecord.v1 import attestation_pb2, results_pb2, status_pb2

# One of the names in the enclave's certificate, which any enclave may have: the key says which.
NAME = "track-record-enclave"
END_OF_TIME_MS = 253402300799999


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True, help="HOST:PORT")
    parser.add_argument("--certificate", required=True, help="ours, which names our role (PEM)")
    parser.add_argument("--key", required=True, help="its private key (PEM)")
    parser.add_argument("--tokens", required=True, help="owner tokens, one a line, one for each call")
    parser.add_argument("--owner", required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--output", required=True, help="folder for evidence.json and record.json")
    parser.add_argument("--track-record", required=True, help="the command, with its options")
    parser.add_argument("--verify", required=True, help="options of its verdicts, as --policy FILE")
    return parser.parse_args()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, document):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file)
    return path


def call(channel, method, answer):
    kind = channel.unary_stream if answer.DESCRIPTOR.name in STREAMED else channel.unary_unary
    return kind(method, lambda message: message.SerializeToString(), answer.FromString)


STREAMED = {"GetHourlyReturnsResponse", "ExportStatementsResponse"}


def verdict(options, verb, path):
    """What `track-record evidence verify` or `track-record verify` says of a file; exits on a refusal."""
    command = [*shlex.split(options.track_record), *verb, path, *shlex.split(options.verify), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"refused: {done.stdout.decode()}")
    return json.loads(done.stdout)


def elements(der):
    """The DER elements that lie one after the other: each as its tag, itself and its content."""
    while der:
        size, start = der[1], 2
        if size >= 0x80:
            start += size & 0x7F
            size = int.from_bytes(der[2:start], "big")
        yield der[0], der[: start + size], der[start : start + size]
        der = der[start + size :]


def spki_sha256(pem):
    """SHA-256 of the certificate's public key, as evidence binds it (RFC 5280, section 4.1)."""
    certificate = next(elements(ssl.PEM_cert_to_DER_cert(pem)))[2]
    fields = [each for each in elements(next(elements(certificate))[2]) if each[0] != 0xA0]
    return hashlib.sha256(fields[5][1]).hexdigest()


def verified_certificate(options):
    """The enclave's certificate, once evidence that the policy expects is bound to its key."""
    host, port = options.endpoint.rsplit(":", 1)
    pem = ssl.get_server_certificate((host, int(port)))
    with open_channel(options, grpc.ssl_channel_credentials(pem.encode())) as channel:
        health = call(channel, "/grpc.health.v1.Health/Check", health_pb2.HealthCheckResponse)
        serving = health(health_pb2.HealthCheckRequest(), timeout=10).status
        attest = call(
            channel,
            "/trackrecord.v1.Attestation/GetAttestation",
            attestation_pb2.GetAttestationResponse,
        )
        answer = attest(attestation_pb2.GetAttestationRequest(nonce=os.urandom(32)), timeout=10)
    evidence = json.loads(answer.evidence)
    path = write(os.path.join(options.output, "evidence.json"), evidence)
    bound = verdict(options, ["evidence", "verify"], path)["evidence"]["binding"]
    if bound["tlsSpkiSha256"] != spki_sha256(pem):
        sys.exit("refused: the connection ends in another key than the evidence binds")
    return pem, evidence, bound["statementPublicKey"], serving


def open_channel(options, credentials):
    return grpc.secure_channel(
        options.endpoint, credentials, [("grpc.ssl_target_name_override", NAME)]
    )


def owned(options):
    """The metadata of one call about the owner's accounts."""
    for token in read(options.tokens).decode().split():
        yield [("authorization", f"Bearer {token}")]
    sys.exit("there is no token left")


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hour_after(hour):
    instant = datetime.datetime.strptime(hour, "%Y-%m-%dT%H:%M:%SZ") + datetime.timedelta(hours=1)
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def export(evidence, public_key, statements):
    """A file that `track-record verify` checks, as docs/statement.md describes it."""
    bodies = [json.loads(statement.body) for statement in statements]
    hours = {body["hour"]: body for body in bodies}
    measured = [body["return"] for body in hours.values() if body["return"] is not None]
    # Enough digits for the product to be exact; it is rounded once.
    decimal.getcontext().prec = 20 * len(measured) + 40
    total = decimal.Decimal(1)
    for each in measured:
        total *= 1 + decimal.Decimal(each)
    rounded = (total - 1).quantize(decimal.Decimal("1e-18"), decimal.ROUND_HALF_EVEN)
    return {
        "format": "track-record-export/1",
        "account": bodies[0]["account"],
        "publicKey": public_key,
        "evidence": evidence,
        "statements": [
            {"body": base64url(each.body), "signature": base64url(each.signature)}
            for each in statements
        ],
        "summary": {
            "from": min(hours),
            "to": hour_after(max(hours)),
            "hours": len(hours),
            "measured": len(measured),
            "totalReturn": f"{rounded:f}" if measured else None,
        },
    }


def main():
    options = arguments()
    pem, evidence, public_key, serving = verified_certificate(options)
    ours = grpc.ssl_channel_credentials(pem.encode(), read(options.key), read(options.certificate))
    tokens = owned(options)
    window = {"account_id": options.account, "from_ms": 0, "to_ms": END_OF_TIME_MS}
    with open_channel(options, ours) as channel:
        ask = call(channel, "/trackrecord.v1.Status/GetStatus", status_pb2.GetStatusResponse)
        question = status_pb2.GetStatusRequest(owner_id=options.owner, account_id=options.account)
        (account,) = ask(question, timeout=10, metadata=next(tokens)).accounts
        ask = call(
            channel,
            "/trackrecord.v1.Results/GetHourlyReturns",
            results_pb2.GetHourlyReturnsResponse,
        )
        question = results_pb2.GetHourlyReturnsRequest(**window)
        answers = ask(question, timeout=300, metadata=next(tokens))
        hours = [hour for answer in answers for hour in answer.hours]
        ask = call(
            channel,
            "/trackrecord.v1.Results/ExportStatements",
            results_pb2.ExportStatementsResponse,
        )
        question = results_pb2.ExportStatementsRequest(**window)
        answers = ask(question, timeout=300, metadata=next(tokens))
        statements = [each for answer in answers for each in answer.statements]
    path = os.path.join(options.output, "record.json")
    write(path, export(evidence, public_key, statements))
    verdicts = verdict(options, ["verify"], path)["verdicts"]
    json.dump(
        {
            "serving": serving == health_pb2.HealthCheckResponse.SERVING,
            "state": status_pb2.AccountState.Name(account.state),
            "last_hour_ms": account.last_hour_ms,
            "hours": len(hours),
            "returns": [hour.hourly_return for hour in hours],
            "statements": len(statements),
            "verdict": verdicts[0]["verdict"],
        },
        sys.stdout,
    )


main()
