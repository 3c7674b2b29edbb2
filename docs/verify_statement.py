#!/usr/bin/env python3
"""A second verifier of track-record exports: it follows docs/statement.md and shares no other code.

It needs Python 3.9 or later and nothing else. It checks the form of the file, the signatures, the
links, the times, the figures, that the record is in the public log whose key is given or in the
evidence, and, given a checkpoint that was saved before, that this log was not rewritten since. It does
not verify hardware evidence: it takes only development evidence, and only when told to.

    python3 verify_statement.py [--development] [--log-key KEY] [--checkpoint FILE [--proof FILE]]
        [--at TIME] FILE...

One line per file: `FILE: verified RETURN` or `FILE: refused CODE at CHECK`. Exit code 1 on a refusal.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
import time
from datetime import datetime, timezone

HOUR = 3_600_000
SAFE = 2**53 - 1


class Refusal(Exception):
    """An expected refusal; its one argument is the code."""


def demand(condition, code):
    if not condition:
        raise Refusal(code)


# Ed25519 (RFC 8032, section 5.1): verification only, so nothing here needs to hide its timing.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def decode_point(data):
    """The point in extended coordinates (X, Y, Z, T), or None."""
    value = int.from_bytes(data, "little")
    sign, y = value >> 255, value & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * SQRT_M1 % P
    if v * x * x % P != u % P or (x == 0 and sign == 1):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def add_points(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply_point(scalar, point):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add_points(total, point)
        point, scalar = add_points(point, point), scalar >> 1
    return total


def encode_point(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public_key, message, signature):
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, s = decode_point(public_key), int.from_bytes(signature[32:], "little")
    if key is None or s >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % L
    minus_key = (-key[0] % P, key[1], 1, -key[3] % P)
    found = add_points(multiply_point(s, BASE), multiply_point(challenge, minus_key))
    return encode_point(found) == signature[:32]


# Bytes and text: one spelling each.

TEXT_MAX = 22 * 1024


def from_hex(text):
    demand(isinstance(text, str) and len(text) <= TEXT_MAX, "STATEMENT_MALFORMED")
    demand(re.fullmatch(r"(?:[0-9a-f]{2})*", text), "STATEMENT_MALFORMED")
    return bytes.fromhex(text)


def from_base64url(text):
    demand(isinstance(text, str) and len(text) <= TEXT_MAX, "STATEMENT_MALFORMED")
    demand(re.fullmatch(r"[A-Za-z0-9_-]*", text) and len(text) % 4 != 1, "STATEMENT_MALFORMED")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    again = base64.urlsafe_b64encode(data).decode().rstrip("=")
    demand(again == text, "STATEMENT_MALFORMED")
    return data


def from_base64(text):
    demand(isinstance(text, str) and len(text) <= 2**17, "LOG_MALFORMED")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refusal("LOG_MALFORMED") from None
    demand(base64.b64encode(data).decode() == text, "LOG_MALFORMED")
    return data


def labelled(label, data):
    return b"track-record/v1/" + label + b"\0" + data


def read_json(text):
    """Numbers as JSON means them: 3.0 is 3. NaN and Infinity are not JSON."""

    def number(digits):
        value = float(digits)
        return int(value) if value.is_integer() else value

    def constant(_name):
        raise ValueError

    return json.loads(text, parse_float=number, parse_constant=constant)


def canonical(value, depth=0):
    """RFC 8785 within the profile of docs/statement.md."""
    demand(depth <= 8, "STATEMENT_MALFORMED")
    if value is None or isinstance(value, (bool, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        demand(abs(value) <= SAFE, "STATEMENT_MALFORMED")
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(canonical(each, depth + 1) for each in value) + "]"
    demand(isinstance(value, dict), "STATEMENT_MALFORMED")
    demand(all(re.fullmatch(r"[\x20-\x7e]+", key) for key in value), "STATEMENT_MALFORMED")
    members = (json.dumps(key) + ":" + canonical(value[key], depth + 1) for key in sorted(value))
    return "{" + ",".join(members) + "}"


def parse_canonical(data):
    demand(len(data) <= 16 * 1024, "STATEMENT_MALFORMED")
    try:
        value = read_json(data.decode("utf-8"))
        demand(canonical(value).encode("utf-8") == data, "STATEMENT_MALFORMED")
    except (ValueError, RecursionError):
        raise Refusal("STATEMENT_MALFORMED") from None
    return value


# The statement.

NO_PREVIOUS = "0" * 64
HASH = r"[0-9a-f]{64}"
STATUSES = (
    "measured no_capital dust ruined unpriced flow_unvalued stale quarantined market_closed"
).split()


def instant(text, form, digits):
    """Milliseconds since 1970 of an instant in this one form, or None."""
    if not isinstance(text, str) or not re.fullmatch(form, text):
        return None
    try:
        at = datetime.strptime(text, digits).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    since = at - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def hour_of(text):
    form = r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:00:00Z"
    return instant(text, form, "%Y-%m-%dT%H:%M:%SZ")


def observed_of(text):
    form = r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
    return instant(text, form, "%Y-%m-%dT%H:%M:%S.%fZ")


def matches(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def one_of(*words):
    return lambda value: isinstance(value, str) and value in words


def or_null(rule):
    return lambda value: value is None or rule(value)


def is_boolean(value):
    return isinstance(value, bool)


def counts(least, most=SAFE):
    def rule(value):
        return isinstance(value, int) and not is_boolean(value) and least <= value <= most

    return rule


def with_rules(**rules):
    def rule(value):
        known = isinstance(value, dict) and set(value) == set(rules)
        return known and all(each(value[name]) for name, each in rules.items())

    return rule


def one_number(number):
    return counts(number, number)


FLAG = or_null(is_boolean)
PERMISSIONS = with_rules(read=FLAG, trade=FLAG, withdraw=FLAG, ipRestricted=FLAG)
DISCLOSURE = with_rules(
    grid=one_of("hour", "day"),
    delayHours=counts(0, 720),
    thin=one_of("merged", "told"),
    digits=one_number(6),
    publicDigits=one_number(4),
)
OWNER = with_rules(
    pseudonym=matches(r"[0-9a-f]{32}"),
    connected=counts(1),
    ended=counts(0),
    ordinal=counts(1),
    restarts=counts(0),
)


FIELDS = {
    "format": one_of("track-record-statement/2"),
    "account": matches(r"[0-9a-f]{32}"),
    "venue": matches(r"[a-z0-9][a-z0-9-]{0,31}"),
    "paper": is_boolean,
    "hour": lambda value: hour_of(value) is not None,
    "since": lambda value: hour_of(value) is not None,
    "sequence": counts(0),
    "status": one_of(*STATUSES),
    "reason": or_null(matches(r"[a-z][a-z_]{0,39}")),
    "return": or_null(matches(r"(?!-0\.0+$)-?(?:0|[1-9][0-9]{0,11})\.[0-9]{6}")),
    "spans": counts(1),
    "coverage": matches(r"0|1|0\.[0-9]{0,3}[1-9]"),
    "residual": one_of("none", "disclosed", "material", "unknown"),
    "provenance": one_of("observed", "backfilled"),
    "permissions": PERMISSIONS,
    "method": one_of("twr-cut-at-flows/1"),
    "reportingCurrency": matches(r"[A-Z0-9]{2,12}"),
    "disclosure": DISCLOSURE,
    "owner": OWNER,
    "salt": matches(r"[0-9a-f]{32}"),
    "observedAt": lambda value: observed_of(value) is not None,
    "restates": or_null(matches(HASH)),
    "previous": matches(HASH),
    "keyId": matches(r"[0-9a-f]{16}"),
}


def parse_statement(data):
    body = parse_canonical(data)
    demand(isinstance(body, dict) and set(body) == set(FIELDS), "STATEMENT_MALFORMED")
    demand(all(rule(body[name]) for name, rule in FIELDS.items()), "STATEMENT_MALFORMED")
    told, merged = body["return"] is not None, body["reason"] == "merged"
    measured, spans = body["status"] == "measured", body["spans"]
    demand(not measured or told or merged, "STATEMENT_MALFORMED")
    own_reason = told and spans > 1 and not measured and not merged
    demand(told != (body["reason"] is not None) or own_reason, "STATEMENT_MALFORMED")
    priced = body["status"] in ("measured", "market_closed", "stale")
    demand(priced or not merged, "STATEMENT_MALFORMED")
    demand(told or spans == 1, "STATEMENT_MALFORMED")
    since, hour, owner = hour_of(body["since"]), hour_of(body["hour"]), body["owner"]
    demand(since == hour if body["sequence"] == 0 else since <= hour, "STATEMENT_MALFORMED")
    most = max(owner["ended"], owner["ordinal"], owner["restarts"] + 1)
    demand(most <= owner["connected"], "STATEMENT_MALFORMED")
    ended = hour_of(body["hour"]) + HOUR
    demand(observed_of(body["observedAt"]) >= ended, "STATEMENT_MALFORMED")
    return body


def verify_signatures(file):
    """Each statement's body and hash, in order."""
    public_key = file["publicKey"]
    key_id = hashlib.sha256(labelled(b"statement-key-id", public_key)).hexdigest()[:16]
    demand(len(public_key) == 32, "STATEMENT_SIGNATURE_INVALID")
    statements = []
    for data, signature in file["statements"]:
        signed = is_signed(public_key, labelled(b"statement-signature", data), signature)
        demand(signed, "STATEMENT_SIGNATURE_INVALID")
        body = parse_statement(data)
        demand(body["keyId"] == key_id, "STATEMENT_SIGNATURE_INVALID")
        digest = hashlib.sha256(labelled(b"statement-hash", data)).hexdigest()
        statements.append((body, digest))
    return statements


# The chain.


def check_links(statements, account):
    """The statement that holds for each hour, in order of hours."""
    demand(statements, "STATEMENT_LINK_BROKEN")
    first, digest = statements[0]
    demand(first["restates"] is None and first["account"] == account, "STATEMENT_LINK_BROKEN")
    inception = first["sequence"] == 0
    demand(inception == (first["previous"] == NO_PREVIOUS), "STATEMENT_LINK_BROKEN")
    hours = {first["hour"]: (first, digest)}
    last, before, before_digest = first["hour"], first, digest
    for body, digest in statements[1:]:
        fixed = ("account", "venue", "paper", "since", "reportingCurrency", "keyId")
        demand(all(body[name] == first[name] for name in fixed), "STATEMENT_LINK_BROKEN")
        owned, known = body["owner"], before["owner"]
        fixed = ("pseudonym", "ordinal", "restarts")
        demand(all(owned[name] == known[name] for name in fixed), "STATEMENT_LINK_BROKEN")
        demand(owned["connected"] >= known["connected"], "STATEMENT_LINK_BROKEN")
        linked = body["previous"] == before_digest and body["sequence"] == before["sequence"] + 1
        demand(linked, "STATEMENT_LINK_BROKEN")
        if body["restates"] is None:
            demand(hour_of(body["hour"]) == hour_of(last) + HOUR, "STATEMENT_LINK_BROKEN")
            last = body["hour"]
            hours[last] = (body, digest)
        elif inception or body["hour"] >= first["hour"]:
            current, cited = hours.get(body["hour"], (None, None))
            demand(current is not None and cited == body["restates"], "STATEMENT_LINK_BROKEN")
            demoted = current["provenance"] == "observed" and body["provenance"] == "backfilled"
            demand(not demoted, "STATEMENT_LINK_BROKEN")
            hours[body["hour"]] = (body, digest)
        before, before_digest = body, digest
    held = [body for body, _digest in hours.values()]
    check_runs(held)
    return held


def check_runs(hours):
    """A return stands for the hours it says, and every merged hour lies in one that is told."""
    untold = merged = 0
    for body in hours:
        if body["return"] is not None:
            demand(merged < body["spans"] <= untold + 1, "STATEMENT_LINK_BROKEN")
            untold = merged = 0
        else:
            untold += 1
            merged += 1 if merged or body["reason"] == "merged" else 0


def product(numbers):
    """Of integers, by halves: the digits of a year of hours multiply faster so."""
    if len(numbers) < 2:
        return numbers[0] if numbers else 1
    half = len(numbers) // 2
    return product(numbers[:half]) * product(numbers[half:])


def compound(returns):
    """Exact product of 1 + r, less 1, rounded half to even to 18 decimals."""
    one, scale = 10**18, 10**6
    growth = product([scale + int(each.replace(".", "")) for each in returns]) * one
    divisor = scale ** len(returns)
    quotient, rest = divmod(growth, divisor)
    if 2 * rest > divisor or (2 * rest == divisor and quotient % 2):
        quotient += 1
    total = quotient - one
    sign, digits = "-" if total < 0 else "", str(abs(total)).rjust(19, "0")
    return f"{sign}{digits[:-18]}.{digits[-18:]}"


def summary_of(hours):
    returns = [body["return"] for body in hours if body["return"] is not None]
    end = hour_of(hours[-1]["hour"]) + HOUR
    return {
        "from": hours[0]["hour"],
        "to": datetime.fromtimestamp(end // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "hours": len(hours),
        "measured": len(returns),
        "totalReturn": compound(returns) if returns else None,
    }


# The log: RFC 6962 inclusion under a C2SP checkpoint.


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_above(leaf, index, size, path):
    if size == 1:
        demand(not path, "LOG_INCLUSION_INVALID")
        return leaf
    demand(path, "LOG_INCLUSION_INVALID")
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return node(root_above(leaf, index, split, path[:-1]), path[-1])
    return node(path[-1], root_above(leaf, index - split, size - split, path[:-1]))


def verify_checkpoint(note, log_key):
    """Size and root of a checkpoint signed by the log."""
    name, key_id, encoded = log_key.split("+", 2)
    key = from_base64(encoded)
    expected = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    demand(key[:1] == b"\1" and expected.hex() == key_id, "LOG_MALFORMED")
    demand(len(note) <= 2**16 and not re.search(r"[\x00-\x09\x0b-\x1f]", note), "LOG_MALFORMED")
    text, empty, lines = note.rpartition("\n\n")
    demand(empty and lines.endswith("\n"), "LOG_MALFORMED")
    text, signed = text + "\n", False
    for line in lines[:-1].split("\n"):
        found = re.fullmatch("\u2014 ([^\\s+]+) ([A-Za-z0-9+/=]+)", line)
        demand(found, "LOG_MALFORMED")
        data = from_base64(found[2])
        demand(len(data) > 4, "LOG_MALFORMED")
        if found[1] == name and data[:4] == expected and not signed:
            signed = is_signed(key[1:], text.encode("utf-8"), data[4:])
            demand(signed, "LOG_SIGNATURE_INVALID")
    demand(signed, "LOG_SIGNATURE_INVALID")
    found = re.fullmatch(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]{44})\n", text)
    demand(found and int(found[2]) <= SAFE, "LOG_MALFORMED")
    root = from_base64(found[3])
    demand(len(root) == 32, "LOG_MALFORMED")
    demand(found[1] == name, "LOG_SIGNATURE_INVALID")
    return int(found[2]), root


def bound_log_key(log, evidence):
    """The log key that the evidence names, as notes write it, under the name in the checkpoint."""
    binding = evidence.get("binding")
    key = binding.get("logPublicKey") if isinstance(binding, dict) else None
    if not isinstance(key, str) or not re.fullmatch(r"[0-9a-f]{64}", key):
        return None
    typed = b"\1" + bytes.fromhex(key)
    name = log["checkpoint"].split("\n")[0]
    demand(re.fullmatch(r"[^\s+\x00-\x1f]+", name), "LOG_MALFORMED")
    key_id = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
    return f"{name}+{key_id.hex()}+{base64.b64encode(typed).decode()}"


def roots_above(old_root, old_size, size, path, whole):
    """The roots of the old tree and of the new one (RFC 6962, 2.1.2)."""
    if old_size == size:
        demand(len(path) == (0 if whole else 1), "LOG_INCONSISTENT")
        shared = old_root if whole else path[-1]
        return shared, shared
    demand(path, "LOG_INCONSISTENT")
    split = 1 << (size - 1).bit_length() - 1
    if old_size <= split:
        old, new = roots_above(old_root, old_size, split, path[:-1], whole)
        return old, node(new, path[-1])
    old, new = roots_above(old_root, old_size - split, size - split, path[:-1], False)
    return node(path[-1], old), node(path[-1], new)


def check_history(log, log_key, known, proof):
    """That the log of this file still holds what it held at a checkpoint saved before."""
    size, root = verify_checkpoint(log["checkpoint"], log_key)
    known_size, known_root = verify_checkpoint(known, log_key)
    demand(known_size <= size, "LOG_ROLLED_BACK")
    demand(known_size < size or known_root == root, "LOG_SPLIT_VIEW")
    demand(proof == "" or proof.endswith("\n"), "LOG_MALFORMED")
    grew = 0 < known_size < size
    path = [from_base64(line) for line in proof[:-1].split("\n")] if grew and proof else []
    demand(all(len(each) == 32 for each in path), "LOG_MALFORMED")
    if known_size > 0:
        found = roots_above(known_root, known_size, size, path, True)
        demand(found == (known_root, root), "LOG_INCONSISTENT")


def verify_inclusion(log, head, log_key):
    size, root = verify_checkpoint(log["checkpoint"], log_key)
    path = [from_base64(each) for each in log["inclusion"]]
    demand(all(len(each) == 32 for each in path), "LOG_MALFORMED")
    demand(log["index"] < size, "LOG_INCLUSION_INVALID")
    leaf = hashlib.sha256(b"\0" + bytes.fromhex(head)).digest()
    demand(root_above(leaf, log["index"], size, path) == root, "LOG_INCLUSION_INVALID")


# The export file.


def parse_log(log):
    demand(isinstance(log, dict), "LOG_MALFORMED")
    demand(set(log) == {"checkpoint", "index", "inclusion"}, "LOG_MALFORMED")
    index, path = log["index"], log["inclusion"]
    demand(isinstance(log["checkpoint"], str), "LOG_MALFORMED")
    demand(isinstance(index, int) and not is_boolean(index), "LOG_MALFORMED")
    demand(0 <= index <= SAFE, "LOG_MALFORMED")
    demand(isinstance(path, list) and len(path) <= 53, "LOG_MALFORMED")
    demand(all(isinstance(each, str) for each in path), "LOG_MALFORMED")
    return log


def parse_export(file):
    names = {"format", "account", "publicKey", "evidence", "statements", "summary"}
    demand(isinstance(file, dict) and set(file) - {"log"} == names, "STATEMENT_MALFORMED")
    demand(file["format"] == "track-record-export/1", "STATEMENT_MALFORMED")
    demand(isinstance(file["evidence"], dict), "STATEMENT_MALFORMED")
    demand(isinstance(file["summary"], dict), "STATEMENT_MALFORMED")
    demand(isinstance(file["account"], str), "STATEMENT_MALFORMED")
    demand(isinstance(file["statements"], list), "STATEMENT_MALFORMED")
    demand(len(file["statements"]) <= 100_000, "STATEMENT_MALFORMED")
    statements = []
    for each in file["statements"]:
        well_formed = isinstance(each, dict) and set(each) == {"body", "signature"}
        demand(well_formed, "STATEMENT_MALFORMED")
        statements.append((from_base64url(each["body"]), from_base64url(each["signature"])))
    return {
        **file,
        "publicKey": from_hex(file["publicKey"]),
        "statements": statements,
        "log": parse_log(file["log"]) if "log" in file else None,
    }


def check_evidence(file, development):
    insecure = file["evidence"].get("insecure") is True
    demand(insecure and development, "STATEMENT_KEY_UNBOUND")


def check_key_binding(file):
    binding = file["evidence"].get("binding")
    bound = binding.get("statementPublicKey") if isinstance(binding, dict) else None
    demand(bound == file["publicKey"].hex(), "STATEMENT_KEY_UNBOUND")


def check_times(statements, at):
    late = any(observed_of(body["observedAt"]) > at for body, _digest in statements)
    demand(not late, "STATEMENT_TIME_INVALID")


def check_figures(stated, summary):
    same = set(stated) == set(summary) and all(
        stated[name] == value and isinstance(stated[name], bool) == isinstance(value, bool)
        for name, value in summary.items()
    )
    demand(same, "STATEMENT_RETURN_MISMATCH")


def verify(text, options):
    """The verdict in words."""
    step = "format"
    try:
        try:
            file = parse_export(read_json(text))
        except (ValueError, RecursionError):
            raise Refusal("STATEMENT_MALFORMED") from None
        step = "evidence"
        check_evidence(file, options.development)
        step = "key binding"
        check_key_binding(file)
        step = "signatures"
        statements = verify_signatures(file)
        step = "links"
        hours = check_links(statements, file["account"])
        step = "times"
        check_times(statements, options.at)
        step = "figures"
        summary = summary_of(hours)
        check_figures(file["summary"], summary)
        step = "log inclusion"
        log, log_key = file["log"], options.log_key
        asked = log_key is not None or options.checkpoint is not None
        demand(log is not None or not asked, "LOG_INCLUSION_INVALID")
        if log is not None and log_key is None:
            log_key = bound_log_key(log, file["evidence"])
            demand(log_key is not None or not asked, "LOG_MALFORMED")
        if log_key is not None:
            verify_checkpoint(log["checkpoint"], log_key)
            if options.checkpoint is not None:
                step = "log history"
                check_history(log, log_key, options.checkpoint, options.proof)
            step = "log inclusion"
            verify_inclusion(log, statements[-1][1], log_key)
    except Refusal as refusal:
        return f"refused {refusal} at {step}"
    return f"verified {summary['totalReturn']}"


def read_text(name):
    with open(name, encoding="utf-8", newline="") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--development", action="store_true")
    parser.add_argument("--log-key")
    parser.add_argument("--checkpoint")
    parser.add_argument("--proof")
    parser.add_argument("--at")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    options.checkpoint = read_text(options.checkpoint) if options.checkpoint else None
    options.proof = read_text(options.proof) if options.proof else ""
    options.at = observed_of(options.at) if options.at else time.time_ns() // 1_000_000
    refused = False
    for name in options.files:
        verdict = verify(read_text(name), options)
        refused = refused or verdict.startswith("refused")
        print(f"{name}: {verdict}")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
