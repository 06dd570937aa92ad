CREATE OR REPLACE FUNCTION moai_private.judge(worker text, results json, with_delivered boolean, at timestamptz)
    RETURNS moai_private.verdict[]
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT array_agg((
            o.place,
            w.verdict,
            w.due_at,
            (r.event_id, r.subscription_id, r.lease_token,
             to_timestamp(r.started_at_us / 1000000.0), judge.at,
             coalesce(o.attempt_no + 1, r.attempt_no), r.http_status,
             CASE WHEN w.verdict IN ('delivered', 'dead', 'cancelled') THEN w.verdict::moai.delivery_state END,
             w.verdict IS NULL, r.error_class, r.error_detail,
             CASE WHEN w.verdict = 'retried' THEN w.due_at END,
             judge.worker, r.remote_address, r.dns_us, r.connect_us, r.tls_us, r.first_byte_us, r.total_us, r.response_bytes,
             decode(r.response_body, 'base64'), r.url, r.signed_with, r.response_headers,
             CASE WHEN w.verdict = 'dead' AND r.http_status = ANY (s.give_up_on) THEN 'refused' END)::moai_private.attempt
        )::moai_private.verdict)
        FROM (
            -- In the order of the keys, so that two batches never wait for each other in a circle. One result a lease: of two, the better.
            SELECT DISTINCT ON (r.event_id, r.subscription_id, r.lease_token) r.*
            FROM json_populate_recordset(NULL::moai_private.result, judge.results) AS r
            WHERE judge.with_delivered OR r.outcome IS DISTINCT FROM 'delivered'
            ORDER BY r.event_id, r.subscription_id, r.lease_token, r.outcome
        ) AS r
        -- Each of the two stands in a sub-select that the planner cannot pull up. Joined freely, and with the queue taken for empty,
        -- it reads the whole queue for each batch: 4 s for 500 results over 4200 rows. The lock re-reads a row that another session
        -- has just changed, so a token that has moved on drops out.
        LEFT JOIN LATERAL (
            SELECT d.ctid AS place, d.subscription_id, d.attempt_no, d.tries_left
            FROM moai_private.delivery AS d
            WHERE d.event_id = r.event_id AND d.subscription_id = r.subscription_id AND d.lease_token = r.lease_token
            FOR UPDATE
        ) AS o ON true
        LEFT JOIN LATERAL (
            SELECT s.state, s.max_attempts, s.retry_schedule, s.give_up_on, s.retry_base, s.retry_factor, s.retry_cap, s.retry_jitter
            FROM moai_private.subscription AS s WHERE s.id = o.subscription_id LIMIT 1
        ) AS s ON true
        CROSS JOIN LATERAL (
            SELECT CASE WHEN o.place IS NULL THEN NULL
                        WHEN r.outcome IN ('delivered', 'released') THEN r.outcome::text
                        WHEN r.outcome = 'parked' THEN CASE s.state WHEN 'active' THEN 'parked' ELSE 'released' END
                        WHEN s.state = 'deleted' THEN 'cancelled'
                        WHEN r.http_status = ANY (s.give_up_on) THEN 'dead'
                        WHEN o.tries_left > 1 THEN 'retried'
                        ELSE 'dead' END AS verdict,
                   CASE WHEN r.outcome = 'parked' AND s.state = 'active' THEN judge.at + moai_private.parking_length(random())
                        WHEN o.place IS NULL OR r.outcome IN ('delivered', 'released', 'parked') THEN judge.at
                        ELSE judge.at + greatest(
                            moai_private.retry_delay(greatest(s.max_attempts - o.tries_left + 1, 1),
                                s.retry_schedule, s.retry_base, s.retry_factor, s.retry_cap, s.retry_jitter, random()),
                            least(coalesce(r.retry_after_us, 0), 86400000000) * interval '1 microsecond')
                        END AS due_at
        ) AS w
        WHERE o.place IS NOT NULL OR (r.outcome IN ('released', 'parked')) IS NOT TRUE  -- what was not started is no attempt, of whatever lease
    );
END
$$;
COMMENT ON FUNCTION moai_private.judge IS
$$Locks the rows of the queue that the results belong to and decides on each: delivered, released, parked, retried, dead, cancelled
(its subscription was deleted), or NULL where the lease was lost. The delivered ones are looked at only if that is asked for.
A status that it gives up on is the end. A retry is due by its policy, but not before the receiver's Retry-After, of which a day at most counts.$$;
