CREATE OR REPLACE FUNCTION moai_private.end_delivered(
    worker text, results json, at timestamptz, OUT delivered integer, OUT late integer, OUT others integer)
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _recovered uuid[];
BEGIN
    WITH result AS MATERIALIZED (
        -- In the order of the keys, so that two batches never wait for each other in a circle.
        SELECT r.* FROM json_populate_recordset(NULL::moai_private.result, end_delivered.results) AS r
        ORDER BY r.event_id, r.subscription_id, r.lease_token
    ), partitions AS MATERIALIZED (
        -- Asked in the statement that inserts: it holds the lock that retiring them needs.
        SELECT moai_private.have_partitions(ARRAY(SELECT r.event_id FROM result AS r WHERE r.outcome = 'delivered')) AS are_there
    ), ended AS (
        DELETE FROM moai_private.delivery AS d
        USING (
            SELECT r.*, o.queue_place
            FROM result AS r
            -- LIMIT: a probe of the key for each. Joined freely, and with the queue taken for empty, the planner reads all of it for each batch.
            CROSS JOIN LATERAL (
                SELECT d.ctid AS queue_place FROM moai_private.delivery AS d
                WHERE d.event_id = r.event_id AND d.subscription_id = r.subscription_id AND d.lease_token = r.lease_token LIMIT 1
            ) AS o
            WHERE r.outcome = 'delivered' AND (SELECT p.are_there FROM partitions AS p)
        ) AS r
        -- A row that another session has just changed is read again, so a token that has moved on drops out.
        WHERE d.ctid = r.queue_place AND d.lease_token = r.lease_token
        RETURNING d.attempt_no + 1 AS number, r.*
    ), logged AS (
        -- It ended its lease, so that its row cannot be there yet.
        INSERT INTO moai_private.attempt (
            event_id, subscription_id, lease_token, started_at, recorded_at, attempt_no, http_status, terminal_state, is_orphan,
            error_class, error_detail, worker, remote_address, dns_us, connect_us, tls_us, first_byte_us, total_us, response_bytes, response_body,
            url, signed_with, response_headers)
        SELECT e.event_id, e.subscription_id, e.lease_token, to_timestamp(e.started_at_us / 1000000.0), end_delivered.at, e.number,
            e.http_status, 'delivered', false, e.error_class, e.error_detail, end_delivered.worker, e.remote_address,
            e.dns_us, e.connect_us, e.tls_us, e.first_byte_us, e.total_us, e.response_bytes, decode(e.response_body, 'base64'),
            e.url, e.signed_with, e.response_headers
        FROM ended AS e
    )
    SELECT (SELECT count(*) FROM ended), count(*) FILTER (WHERE r.outcome = 'delivered'), count(*),
        -- Nobody is asked while none fails, which is nearly always.
        CASE WHEN EXISTS (SELECT FROM moai_private.failing) THEN ARRAY(SELECT DISTINCT e.subscription_id FROM ended AS e) END
    INTO end_delivered.delivered, end_delivered.late, end_delivered.others, _recovered
    FROM result AS r;
    IF cardinality(_recovered) > 0 THEN
        PERFORM moai_private.note_successes(_recovered);
    END IF;
    end_delivered.others := end_delivered.others - end_delivered.late;
    end_delivered.late := end_delivered.late - end_delivered.delivered;
END
$$;
COMMENT ON FUNCTION moai_private.end_delivered IS
$$Ends what was delivered under a lease that still holds, in one statement: nearly all results are of this kind. Returns how many these were,
how many delivered ones are left, and how many of other outcomes.$$;
