-- Every function, trigger and view, in the order of installation: also the table of contents.

-- Internal: small pieces the rest stands on
\ir internal/fail.sql
\ir internal/record_bundle.sql
\ir internal/tenancy.sql
\ir internal/uuid_v7.sql
\ir internal/partition_week.sql
\ir internal/have_partitions.sql
\ir internal/make_partitions.sql
\ir internal/random_token.sql
\ir internal/json_fields.sql

-- Internal: checks of arguments
\ir internal/check_event_type.sql
\ir internal/check_tenant.sql
\ir internal/check_payload.sql
\ir internal/check_idempotency.sql

-- Publishing and fan-out
\ir internal/ring_workers.sql
\ir internal/type_patterns.sql
\ir internal/content_hash.sql
\ir internal/take_idempotency_key.sql
\ir internal/insert_event.sql
\ir internal/read_batch_item.sql
\ir internal/insert_events.sql
\ir triggers/event_fan_out.sql
\ir triggers/subscription_types.sql
\ir api/publish.sql
\ir api/publish_jsonb.sql
\ir api/publish_batch.sql

-- Claiming, retrying, completing
\ir internal/lease_length.sql
\ir internal/retry_delay.sql
\ir internal/record_outcomes.sql
\ir internal/set_aside.sql
\ir internal/claim.sql
\ir internal/judge.sql
\ir internal/log_attempts.sql
\ir internal/complete.sql
\ir internal/retire_partitions.sql
\ir internal/maintain.sql
\ir worker/claim_deliveries.sql
\ir worker/complete_deliveries.sql
\ir worker/maintain.sql

-- The partitions of the coming three years, so that publishing never needs a worker
\ir seed.sql
