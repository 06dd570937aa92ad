-- What requests of a subscription look like: PUT or POST, headers of its own, and CloudEvents.
ALTER TABLE moai_private.subscription
    ADD COLUMN method text NOT NULL DEFAULT 'POST',
    ADD COLUMN headers jsonb,
    ADD CONSTRAINT subscription_method_known CHECK (method IN ('POST', 'PUT')),
    ADD CONSTRAINT subscription_headers_object CHECK (jsonb_typeof(headers) = 'object' AND headers <> '{}'),
    DROP CONSTRAINT subscription_format_known,
    ADD CONSTRAINT subscription_format_known CHECK (format IN ('standard', 'raw', 'cloudevents', 'cloudevents-binary'));
ALTER TABLE moai_private.subscription ALTER COLUMN method DROP DEFAULT;
COMMENT ON COLUMN moai_private.subscription.headers IS 'Headers of its own: lower-case names and values. NULL: none.';
ALTER TYPE moai_private.leased ADD ATTRIBUTE method text, ADD ATTRIBUTE headers text;

-- Functions whose arguments or columns have changed: replacing them would leave the old ones beside the new, or be refused.
DROP FUNCTION IF EXISTS moai.await_office(text, integer, interval);
DROP FUNCTION IF EXISTS moai.claim_deliveries(text, integer, boolean, uuid[], bigint, boolean);
DROP FUNCTION IF EXISTS moai.claim_parked(text, uuid[], integer[], boolean, bigint, boolean);
DROP FUNCTION IF EXISTS moai_private.claim(integer, timestamptz, boolean, uuid[], uuid[], integer[], timestamptz, boolean);
DROP FUNCTION IF EXISTS moai.create_subscription(
    text, text[], text, text, text, interval, integer, interval, double precision, interval, double precision, text, integer, double precision, interval);
DROP FUNCTION IF EXISTS moai_private.create_subscription(
    text, text[], text, text, text, interval, integer, interval, double precision, interval, double precision, text, integer, double precision, interval, timestamptz);
DROP FUNCTION IF EXISTS moai.update_subscription(
    uuid, text, text[], text, interval, integer, interval, double precision, interval, double precision, text, integer, double precision, interval);
DROP FUNCTION IF EXISTS moai_private.update_subscription(
    uuid, text, text[], text, interval, integer, interval, double precision, interval, double precision, text, integer, double precision, interval, timestamptz);
