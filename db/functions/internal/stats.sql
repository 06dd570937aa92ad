CREATE OR REPLACE FUNCTION moai_private.stats(at timestamptz)
    RETURNS json
    LANGUAGE plpgsql
    STABLE
    SET jit = off  -- the planner overrates the policies' cost; compiling takes longer than reading
AS $$
BEGIN
    RETURN json_build_object(
        'queue', (
            SELECT json_build_object(
                'depth', q.depth,
                'due', q.due,
                'oldest_due_seconds', round(extract(epoch FROM stats.at - q.oldest_due_at), 3),
                'next_due_seconds', round(extract(epoch FROM CASE WHEN q.next_due_at < stats.at THEN stats.at ELSE q.next_due_at END - stats.at), 3),
                'pending', q.pending, 'delivering', q.delivering, 'retrying', q.retrying, 'parked', q.parked)
            FROM (
                SELECT count(*) AS depth,
                    count(*) FILTER (WHERE d.due_at <= stats.at) AS due,
                    min(d.due_at) FILTER (WHERE d.due_at <= stats.at) AS oldest_due_at,
                    min(d.due_at) FILTER (WHERE d.due_at < 'infinity') AS next_due_at,
                    count(*) FILTER (WHERE d.lease_token IS NULL AND NOT d.parked AND d.attempt_no = 0) AS pending,
                    count(*) FILTER (WHERE d.lease_token IS NOT NULL) AS delivering,
                    count(*) FILTER (WHERE d.lease_token IS NULL AND NOT d.parked AND d.attempt_no > 0) AS retrying,
                    count(*) FILTER (WHERE d.parked) AS parked
                FROM moai_private.delivery AS d
            ) AS q),
        'dead_letters', (SELECT count(*) FROM moai_private.dead_letter),
        'subscriptions', (
            SELECT json_build_object(
                'active', count(*) FILTER (WHERE s.state = 'active'),
                'paused', count(*) FILTER (WHERE s.state = 'paused'),
                'disabled', count(*) FILTER (WHERE s.state = 'disabled'))
            FROM moai_private.subscription AS s),
        'workers', (
            SELECT coalesce(json_agg(json_build_object('name', w.name, 'since', moai_private.time_text(w.since)) ORDER BY w.name), '[]')
            FROM (
                SELECT substr(a.application_name, 13) AS name, min(a.backend_start) AS since
                FROM pg_stat_activity AS a
                WHERE a.datname = current_database() AND a.application_name LIKE 'moai worker %'
                GROUP BY 1
            ) AS w),
        'attempts_estimate', (
            SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint
            FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'moai_private.attempt'::regclass),
        'partitions_until', (
            -- The upper bound of the last one; an id's first 48 bits are its milliseconds.
            SELECT moai_private.time_text(to_timestamp(('x0000' || b.hex)::bit(64)::bigint / 1000.0))
            FROM (
                SELECT translate(substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([0-9a-f-]{13})'), '-', '') AS hex
                FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'moai_private.event'::regclass
                ORDER BY c.relname DESC LIMIT 1
            ) AS b),
        'migration', (SELECT max(m.name) FROM moai_private.migration AS m),
        'bundle', (SELECT b.hash FROM moai_private.bundle AS b));
END
$$;
COMMENT ON FUNCTION moai_private.stats IS 'moai.stats at a given time.';
