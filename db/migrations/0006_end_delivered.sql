-- What a worker says of one claimed delivery: the fields of the objects that moai.complete_deliveries takes.
CREATE TYPE moai_private.result AS (
    event_id uuid, subscription_id uuid, lease_token bigint, attempt_no integer, outcome moai_private.attempt_result, started_at_us bigint,
    http_status integer, error_class text, error_detail text, remote_address text, response_body text, response_bytes bigint,
    dns_us integer, connect_us integer, tls_us integer, first_byte_us integer, total_us integer
);
COMMENT ON TYPE moai_private.result IS 'What a worker says of one claimed delivery, as moai.complete_deliveries takes it; response_body is base64.';

-- A function whose arguments have changed: replacing it would leave the old one beside the new.
DROP FUNCTION IF EXISTS moai_private.judge(text, json, timestamptz);
