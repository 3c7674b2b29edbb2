// Generated from the migrated schema by `pnpm tables`. DO NOT EDIT.
// Every column of schema `record` with its Postgres type. `null`: may be null. `own`: the
// database alone fills it; the functions of this room neither write nor read it.

export const tables = {
  "record.account": {
    "account_id": "uuid",
    "owner_id": "uuid",
    "venue": "text",
    "reporting_currency": "text",
    "history_from": "timestamptz",
    "connected_at": "timestamptz",
    "allow_trading_key": "bool",
    "venue_account_hash": "text",
    "state": "text",
    "state_code": "text null",
    "number": "int8 own",
    "grid": "text null",
    "delay_hours": "int4 null",
    "thin": "text null"
  },
  "record.account_key": {
    "account_id": "uuid",
    "key_id": "text",
    "envelope": "bytea",
    "created_at": "timestamptz own"
  },
  "record.account_status": {
    "account_id": "uuid",
    "last_hour": "timestamptz null",
    "code": "text null",
    "code_at": "timestamptz null",
    "hours_missing": "int4",
    "syncing": "bool",
    "updated_at": "timestamptz"
  },
  "record.claim": {
    "claim_id": "uuid",
    "account_id": "uuid",
    "request": "text",
    "requested_at": "timestamptz own",
    "body": "bytea null",
    "signature": "bytea null",
    "code": "text null"
  },
  "record.credential": {
    "account_id": "uuid",
    "field": "text",
    "key_id": "text",
    "envelope": "bytea",
    "created_at": "timestamptz own"
  },
  "record.handed_in": {
    "account_id": "uuid",
    "owner_id": "uuid"
  },
  "record.hourly_return": {
    "account_id": "uuid",
    "hour": "timestamptz",
    "sequence": "int8",
    "status": "text",
    "reason": "text null",
    "return": "numeric null",
    "coverage": "numeric null",
    "provenance": "text"
  },
  "record.intake": {
    "account_id": "uuid",
    "owner_id": "uuid",
    "venue": "text",
    "sealed": "bytea",
    "reporting_currency": "text null",
    "history_from": "timestamptz",
    "allow_trading_key": "bool",
    "requested_at": "timestamptz own",
    "grid": "text null",
    "delay_hours": "int4 null",
    "thin": "text null"
  },
  "record.log_checkpoint": {
    "size": "int8",
    "note": "text",
    "signed_at": "timestamptz own"
  },
  "record.log_hash": {
    "level": "int4",
    "position": "int8",
    "hash": "bytea"
  },
  "record.log_pending": {
    "hash": "bytea"
  },
  "record.migration": {
    "number": "int4",
    "name": "text",
    "sha256": "bytea",
    "applied_at": "timestamptz own"
  },
  "record.operator_action": {
    "action_id": "int8",
    "acted_at": "timestamptz own",
    "actor": "text own",
    "action": "text",
    "queue": "text null",
    "job_id": "uuid null",
    "account_id": "uuid null",
    "jobs": "int4",
    "reason": "text"
  },
  "record.queue_hold": {
    "queue": "text",
    "held_at": "timestamptz own"
  },
  "record.sealed_segment": {
    "account_id": "uuid",
    "first_sequence": "int8",
    "last_sequence": "int8",
    "key_id": "text",
    "envelope": "bytea",
    "created_at": "timestamptz own",
    "previous_sequence": "int8 own"
  },
  "record.sealed_state": {
    "account_id": "uuid",
    "version": "int8",
    "key_id": "text",
    "envelope": "bytea",
    "updated_at": "timestamptz own"
  },
  "record.sentinel": {
    "key_id": "text",
    "envelope": "bytea"
  },
  "record.statement": {
    "account_id": "uuid",
    "sequence": "int8",
    "hour": "timestamptz",
    "body": "bytea",
    "hash": "bytea",
    "previous": "bytea null",
    "signature": "bytea",
    "key_id": "text",
    "restates": "bytea null",
    "created_at": "timestamptz own",
    "previous_sequence": "int8 own",
    "release_at": "timestamptz null"
  },
  "record.venue_allowance": {
    "venue": "text",
    "egress": "text",
    "per_minute": "float4",
    "burst": "float4",
    "tokens": "float4",
    "counted_at": "timestamptz own",
    "cost": "float4",
    "closed_until": "timestamptz null",
    "closings": "int4 own",
    "admitted": "int8 own",
    "refused": "int8 own",
    "first_cost": "float4 own"
  },
  "record.venue_hour": {
    "venue": "text",
    "final_to": "timestamptz",
    "dispatched_at": "timestamptz"
  }
} as const;
