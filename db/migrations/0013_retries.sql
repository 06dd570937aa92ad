-- Retries by a list of delays, and statuses that no retry would change.
ALTER TABLE moai_private.subscription
    ADD COLUMN retry_schedule interval[],
    ADD COLUMN give_up_on integer[],
    ADD CONSTRAINT subscription_retry_schedule_length CHECK (cardinality(retry_schedule) BETWEEN 1 AND 99 AND max_attempts = cardinality(retry_schedule) + 1),
    ADD CONSTRAINT subscription_give_up_on_range CHECK (cardinality(give_up_on) > 0 AND 400 <= ALL (give_up_on) AND 499 >= ALL (give_up_on));
COMMENT ON COLUMN moai_private.subscription.retry_schedule IS 'The delay before each retry. NULL: retry_base, retry_factor and retry_cap say.';
COMMENT ON COLUMN moai_private.subscription.give_up_on IS 'Statuses that end a delivery as a dead letter. NULL: none.';
ALTER TABLE moai_private.attempt ADD COLUMN terminal_reason text;
ALTER TABLE moai_private.attempt_held ADD COLUMN terminal_reason text;
COMMENT ON COLUMN moai_private.attempt.terminal_reason IS 'Why it ended its delivery, where terminal_state does not say.';
ALTER TABLE moai_private.dead_letter
    DROP CONSTRAINT dead_letter_reason_known,
    ADD CONSTRAINT dead_letter_reason_known CHECK (reason IN ('exhausted', 'crash_loop', 'refused'));

-- Functions whose arguments have changed: replacing them would leave the old ones beside the new.
DROP FUNCTION IF EXISTS moai_private.retry_delay(integer, interval, double precision, interval, double precision, double precision);
DROP FUNCTION IF EXISTS moai.create_subscription(
    text, text[], text, text, text, interval, integer, interval, double precision, interval, double precision, text, integer, double precision, interval, text, jsonb);
DROP FUNCTION IF EXISTS moai_private.create_subscription(
    text, text[], text, text, text, interval, integer, interval, double precision, interval, double precision, text, integer, double precision, interval, text, jsonb,
    timestamptz);
DROP FUNCTION IF EXISTS moai.update_subscription(
    uuid, text, text[], text, interval, integer, interval, double precision, interval, double precision, text, integer, double precision, interval, text, jsonb);
DROP FUNCTION IF EXISTS moai_private.update_subscription(
    uuid, text, text[], text, interval, integer, interval, double precision, interval, double precision, text, integer, double precision, interval, text, jsonb, timestamptz);
