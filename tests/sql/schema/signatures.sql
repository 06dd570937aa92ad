-- The whole public API, by identity: a renamed parameter or a defaulted one more is a change of the contract, and makes an overload.
BEGIN;
SELECT plan(4);

CREATE TEMP TABLE expected (signature text);
INSERT INTO expected VALUES
    ('moai.allow_tenant(login name, tenant text) void'),
    ('moai.await_office(worker text, max_count integer, patience interval) TABLE(in_office boolean, event_id uuid, subscription_id uuid, lease_token bigint, attempt_no integer, event_type text, tenant text, published_at text, payload text, url text, format text, secret text, timeout_ms integer, lease_ms integer, claimed_at_us bigint, next_due_in_us bigint, overdue_us bigint, max_in_flight integer, rate_limit double precision, method text, headers text, parked integer)'),
    ('moai.call_for_help() void'),
    ('moai.cancel_delivery(id text) void'),
    ('moai.claim_deliveries(worker text, max_count integer, in_office boolean, saturated uuid[], since_us bigint, look_ahead boolean) TABLE(event_id uuid, subscription_id uuid, lease_token bigint, attempt_no integer, event_type text, tenant text, published_at text, payload text, url text, format text, secret text, timeout_ms integer, lease_ms integer, claimed_at_us bigint, next_due_in_us bigint, overdue_us bigint, max_in_flight integer, rate_limit double precision, method text, headers text, parked integer)'),
    ('moai.claim_parked(worker text, subscription_ids uuid[], counts integer[], in_office boolean, since_us bigint, look_ahead boolean) TABLE(event_id uuid, subscription_id uuid, lease_token bigint, attempt_no integer, event_type text, tenant text, published_at text, payload text, url text, format text, secret text, timeout_ms integer, lease_ms integer, claimed_at_us bigint, next_due_in_us bigint, overdue_us bigint, max_in_flight integer, rate_limit double precision, method text, headers text, parked integer)'),
    ('moai.complete_deliveries(worker text, results json, since_us bigint, look_ahead boolean) TABLE(delivered integer, retried integer, dead_lettered integer, released integer, orphaned integer, next_due_in_us bigint)'),
    ('moai.create_subscription(url text, event_types text[], tenant text, secret text, format text, timeout interval, max_attempts integer, retry_base interval, retry_factor double precision, retry_cap interval, retry_jitter double precision, description text, max_in_flight integer, rate_limit double precision, disable_after interval, method text, headers jsonb, retry_schedule interval[], give_up_on integer[]) TABLE(id uuid, secret text)'),
    ('moai.delete_subscription(id uuid) integer'),
    ('moai.disallow_tenant(login name, tenant text) void'),
    ('moai.discard_dead_letter(id text) void'),
    ('moai.endpoints() TABLE(subscription_id uuid, url text, max_in_flight integer, rate_limit double precision, has_parked boolean, probe_in_us bigint, consecutive_failures integer, times_opened integer, reason text)'),
    ('moai.fall_asleep(patience interval) boolean'),
    ('moai.history_stats() json'),
    ('moai.leave_office() void'),
    ('moai.maintain() TABLE(partitions_made integer, keys_expired integer)'),
    ('moai.pause_subscription(id uuid, reason text) void'),
    ('moai.publish(type text, payload json, idempotency_key text, tenant text, idempotency_ttl interval) uuid'),
    ('moai.publish_batch(events json, on_error text) TABLE(item integer, id uuid, duplicate boolean, code text, message text, detail text, hint text)'),
    ('moai.publish_jsonb(type text, payload jsonb, idempotency_key text, tenant text, idempotency_ttl interval) uuid'),
    ('moai.record_breakers(worker text, changes json) void'),
    ('moai.redrive_dead_letters(ids text[], subscription_id uuid, tenant text, max_count integer) integer'),
    ('moai.resume_subscription(id uuid) integer'),
    ('moai.retry_delivery(id text) void'),
    ('moai.rotate_secret(id uuid, overlap interval, secret text) text'),
    ('moai.stats() json'),
    ('moai.update_subscription(id uuid, url text, event_types text[], format text, timeout interval, max_attempts integer, retry_base interval, retry_factor double precision, retry_cap interval, retry_jitter double precision, description text, max_in_flight integer, rate_limit double precision, disable_after interval, method text, headers jsonb, retry_schedule interval[], give_up_on integer[]) void'),
    ('moai.upkeep_state() TABLE(allowed boolean, owner name, dead_rows bigint, vacuums bigint, analyze_due boolean, analyzes bigint)'),
    ('moai.wake_up() void'),
    ('moai_rest.cancel_delivery(id text, OUT status integer, OUT body text) record'),
    ('moai_rest.create_subscription(document text, OUT status integer, OUT body text) record'),
    ('moai_rest.delete_subscription(id text, OUT status integer, OUT body text) record'),
    ('moai_rest.discard_dead_letter(id text, OUT status integer, OUT body text) record'),
    ('moai_rest.get_delivery(id text, OUT status integer, OUT body text) record'),
    ('moai_rest.get_event(id text, OUT status integer, OUT body text) record'),
    ('moai_rest.get_payload(id text, first text, last text, OUT status integer, OUT body text) record'),
    ('moai_rest.get_subscription(id text, OUT status integer, OUT body text) record'),
    ('moai_rest.list_attempts(id text, query text, OUT status integer, OUT body text) record'),
    ('moai_rest.list_dead_letters(query text, OUT status integer, OUT body text) record'),
    ('moai_rest.list_deliveries(query text, OUT status integer, OUT body text) record'),
    ('moai_rest.list_event_deliveries(id text, query text, OUT status integer, OUT body text) record'),
    ('moai_rest.list_events(query text, OUT status integer, OUT body text) record'),
    ('moai_rest.list_subscriptions(query text, OUT status integer, OUT body text) record'),
    ('moai_rest.pause_subscription(id text, document text, OUT status integer, OUT body text) record'),
    ('moai_rest.publish(document text, idempotency_key text, OUT status integer, OUT body text) record'),
    ('moai_rest.publish_group(events text, keys text) TABLE(status integer, body text, code text, message text, detail text, hint text)'),
    ('moai_rest.redrive_dead_letters(document text, OUT status integer, OUT body text) record'),
    ('moai_rest.resume_subscription(id text, document text, OUT status integer, OUT body text) record'),
    ('moai_rest.rotate_secret(id text, document text, OUT status integer, OUT body text) record'),
    ('moai_rest.retry_delivery(id text, OUT status integer, OUT body text) record'),
    ('moai_rest.update_subscription(id text, document text, OUT status integer, OUT body text) record')
;
CREATE TEMP VIEW found AS
SELECT n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ') ' || pg_get_function_result(p.oid) AS signature
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname IN ('moai', 'moai_rest');
SELECT is_empty('SELECT signature FROM expected EXCEPT SELECT signature FROM found', 'no function is missing or changed');
SELECT is_empty('SELECT signature FROM found EXCEPT SELECT signature FROM expected', 'none is there that nobody wrote down');
SELECT is_empty($$SELECT n.nspname, p.proname FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname IN ('moai', 'moai_rest', 'moai_private')
    GROUP BY 1, 2 HAVING count(*) > 1$$, 'no name stands for two functions');
SELECT is_empty($$SELECT p.proname FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname IN ('moai', 'moai_rest')
    AND coalesce(cardinality(p.proargnames), 0) < p.pronargs OR '' = ANY (p.proargnames) AND n.nspname IN ('moai', 'moai_rest')$$, 'every parameter has a name');

SELECT * FROM finish();
ROLLBACK;
