-- Every endpoint its own fate: limits, parking by the worker, and the breaker that survives a restart.
ALTER TABLE moai_private.subscription ADD COLUMN max_in_flight integer, ADD COLUMN rate_limit double precision,
    ADD CONSTRAINT subscription_max_in_flight_range CHECK (max_in_flight BETWEEN 1 AND 10000),
    ADD CONSTRAINT subscription_rate_limit_range CHECK (rate_limit BETWEEN 0.001 AND 1000000);
COMMENT ON COLUMN moai_private.subscription.max_in_flight IS 'Requests in flight at once, for each worker process. NULL: what the worker allows.';
COMMENT ON COLUMN moai_private.subscription.rate_limit IS 'Requests per second, for each worker process. NULL: none.';

CREATE TABLE moai_private.endpoint_state (
    subscription_id uuid NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    consecutive_failures integer NOT NULL,
    times_opened integer NOT NULL,
    reason text NOT NULL,
    worker text NOT NULL,
    CONSTRAINT endpoint_state_pkey PRIMARY KEY (subscription_id),
    CONSTRAINT endpoint_state_counts_not_negative CHECK (consecutive_failures >= 0 AND times_opened >= 1)
);
COMMENT ON TABLE moai_private.endpoint_state IS 'Breakers that are not closed. Written when a breaker opens or closes, never for a request.';
COMMENT ON COLUMN moai_private.endpoint_state.since IS 'When it first opened; opening again after a failed probe leaves it.';
COMMENT ON COLUMN moai_private.endpoint_state.until IS 'When the next request is tried.';
COMMENT ON COLUMN moai_private.endpoint_state.worker IS 'Who wrote it: each worker process has a breaker of its own.';

-- What comes back oldest first is found by the event's id, which grows with time; due_at of a parked row is when its parking lapses.
DROP INDEX moai_private.delivery_parked_idx;
CREATE INDEX delivery_parked_idx ON moai_private.delivery (subscription_id, event_id) WHERE parked;

ALTER TYPE moai_private.attempt_result ADD VALUE 'parked';
COMMENT ON TYPE moai_private.attempt_result IS
    'What a worker says of a claimed delivery; released means not started, parked the same because its endpoint has no room.';
ALTER TYPE moai_private.leased ADD ATTRIBUTE max_in_flight integer, ADD ATTRIBUTE rate_limit double precision;

-- Functions whose arguments or columns have changed: replacing them would leave the old ones beside the new, or be refused.
DROP FUNCTION IF EXISTS moai.claim_deliveries(text, integer, boolean);
DROP FUNCTION IF EXISTS moai_private.claim(integer, timestamptz, boolean);
DROP FUNCTION IF EXISTS moai.create_subscription(
    text, text[], text, text, text, interval, integer, interval, double precision, interval, double precision, text);
DROP FUNCTION IF EXISTS moai_private.create_subscription(
    text, text[], text, text, text, interval, integer, interval, double precision, interval, double precision, text, timestamptz);
DROP FUNCTION IF EXISTS moai.update_subscription(
    uuid, text, text[], text, interval, integer, interval, double precision, interval, double precision, text);
DROP FUNCTION IF EXISTS moai_private.update_subscription(
    uuid, text, text[], text, interval, integer, interval, double precision, interval, double precision, text, timestamptz);
