-- Endpoints that do nothing but fail are disabled after a while, and moai publishes events of its own about this and other things.
ALTER TABLE moai_private.subscription
    ADD COLUMN disable_after interval DEFAULT '5 days',
    ADD CONSTRAINT subscription_disable_after_range CHECK (disable_after BETWEEN interval '1 minute' AND interval '366 days');
ALTER TABLE moai_private.subscription ALTER COLUMN disable_after DROP DEFAULT;
COMMENT ON COLUMN moai_private.subscription.disable_after IS 'After so long of nothing but failures it is disabled. NULL: never.';

CREATE TABLE moai_private.failing (
    subscription_id uuid NOT NULL,
    since timestamptz NOT NULL,
    last timestamptz NOT NULL,
    CONSTRAINT failing_pkey PRIMARY KEY (subscription_id),
    CONSTRAINT failing_in_order CHECK (since <= last)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON TABLE moai_private.failing IS 'Endpoints that have done nothing but fail since some time. No row is written for each failure.';
COMMENT ON COLUMN moai_private.failing.since IS 'When the first of these failures was recorded.';
COMMENT ON COLUMN moai_private.failing.last IS 'When one of them was last noted: a tenth of disable_after before the last one, at most.';

-- Functions whose arguments have changed: replacing them would leave the old ones beside the new.
DROP FUNCTION IF EXISTS moai.create_subscription(
    text, text[], text, text, text, interval, integer, interval, double precision, interval, double precision, text, integer, double precision);
DROP FUNCTION IF EXISTS moai_private.create_subscription(
    text, text[], text, text, text, interval, integer, interval, double precision, interval, double precision, text, integer, double precision, timestamptz);
DROP FUNCTION IF EXISTS moai.update_subscription(
    uuid, text, text[], text, interval, integer, interval, double precision, interval, double precision, text, integer, double precision);
DROP FUNCTION IF EXISTS moai_private.update_subscription(
    uuid, text, text[], text, interval, integer, interval, double precision, interval, double precision, text, integer, double precision, timestamptz);
