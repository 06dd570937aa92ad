CREATE OR REPLACE FUNCTION moai_private.retire_partitions(before timestamptz)
    RETURNS integer
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _weeks text[];
    _week text;
    _from uuid;
    _to uuid;
BEGIN
    -- What is still needed must be read after the locks below are held, hence in a snapshot younger than them.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        PERFORM moai_private.fail(422, 'retiring partitions needs a READ COMMITTED transaction',
            'transaction_isolation = ' || quote_literal(current_setting('transaction_isolation')),
            'Call it after BEGIN ISOLATION LEVEL READ COMMITTED.');
    END IF;
    IF retire_partitions.before > clock_timestamp() THEN
        PERFORM moai_private.fail(422, 'before lies in the future', format('before = %L', retire_partitions.before),
            'Give a time that has passed: the week that is being published to would be dropped.');
    END IF;
    IF cardinality(moai_private.retirable_weeks(retire_partitions.before)) = 0 THEN
        RETURN 0;
    END IF;

    -- Whoever publishes, logs or looks up meets one of these locks before it takes the snapshot it reads by: it comes wholly before us, and
    -- its deliveries and dead letters are seen below, or wholly after, and finds the event held. Reading deliveries and dead letters
    -- locks no row, so that completing never waits for us with a row that we wait for.
    LOCK TABLE ONLY moai_private.event, ONLY moai_private.attempt, ONLY moai_private.outcome IN ACCESS EXCLUSIVE MODE;

    _weeks := moai_private.retirable_weeks(retire_partitions.before);  -- again: another one may have been faster
    FOREACH _week IN ARRAY _weeks LOOP
        _from := moai_private.uuid_v7_floor(to_date(_week, 'IYYY"w"IW')::timestamp AT TIME ZONE 'UTC');
        _to := moai_private.uuid_v7_floor((to_date(_week, 'IYYY"w"IW') + 7)::timestamp AT TIME ZONE 'UTC');
        -- The bounds stand in the texts, so that one partition is opened and not all.
        EXECUTE format($query$
            INSERT INTO moai_private.event_held
            SELECT e.* FROM moai_private.event AS e
            WHERE e.id >= %1$L AND e.id < %2$L
              AND (EXISTS (SELECT FROM moai_private.delivery AS d WHERE d.event_id = e.id)
                   OR EXISTS (SELECT FROM moai_private.dead_letter AS l WHERE l.event_id = e.id))
            ON CONFLICT DO NOTHING $query$, _from, _to);
        EXECUTE format($query$
            INSERT INTO moai_private.attempt_held
            SELECT a.* FROM moai_private.attempt AS a
            WHERE a.event_id >= %1$L AND a.event_id < %2$L
              AND EXISTS (SELECT FROM moai_private.event_held AS h WHERE h.id = a.event_id)
            ON CONFLICT DO NOTHING $query$, _from, _to);
        EXECUTE format($query$
            INSERT INTO moai_private.outcome_held
            SELECT o.* FROM moai_private.outcome AS o
            WHERE o.event_id >= %1$L AND o.event_id < %2$L
              AND EXISTS (SELECT FROM moai_private.event_held AS h WHERE h.id = o.event_id)
            ON CONFLICT DO NOTHING $query$, _from, _to);
        EXECUTE format('DROP TABLE IF EXISTS moai_private.%I, moai_private.%I, moai_private.%I',
            'event_' || _week, 'attempt_' || _week, 'outcome_' || _week);
    END LOOP;
    RETURN cardinality(_weeks);
END
$$;
COMMENT ON FUNCTION moai_private.retire_partitions IS
$$Drops the partitions of event, attempt and outcome of every week that ended by `before`, and returns how many weeks these were. An event that
an unfinished delivery or a dead letter still needs is moved to event_held first, its attempts and outcomes to attempt_held and outcome_held:
claiming, completing, redriving, cancelling and looking it up go on as before. Raises MO422 unless READ COMMITTED, and for a time in the future.
Locks: ACCESS EXCLUSIVE on event, attempt and outcome, in this order, until the end of the transaction. It waits for every open transaction
that published or looked, and all publishing and completing waits behind it: set lock_timeout first, and call it again if that ends it
(55P03; nothing has happened then). Whatever makes a finished event needed again must have read event before.$$;

CREATE OR REPLACE FUNCTION moai_private.retirable_weeks(before timestamptz)
    RETURNS text[]
    LANGUAGE sql
    VOLATILE
BEGIN ATOMIC
    SELECT coalesce(array_agg(w.week ORDER BY w.week COLLATE "C"), '{}')
    FROM pg_inherits AS i
    JOIN pg_class AS c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL (SELECT substr(c.relname::text, length('event_') + 1) AS week) AS w
    WHERE i.inhparent = 'moai_private.event'::regclass
      AND w.week COLLATE "C" < moai_private.partition_week(retirable_weeks.before) COLLATE "C";
END;
COMMENT ON FUNCTION moai_private.retirable_weeks IS 'The weeks of the partitions of event that ended by this time, oldest first.';

CREATE OR REPLACE FUNCTION moai_private.release_held()
    RETURNS integer
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _released integer;
BEGIN
    -- One statement, one snapshot: what a completion has just logged is either not seen here, or no longer needed.
    WITH attempts AS (
        DELETE FROM moai_private.attempt_held AS a
        WHERE NOT EXISTS (SELECT FROM moai_private.delivery AS d WHERE d.event_id = a.event_id)
          AND NOT EXISTS (SELECT FROM moai_private.dead_letter AS l WHERE l.event_id = a.event_id)
    ), outcomes AS (
        DELETE FROM moai_private.outcome_held AS o
        WHERE NOT EXISTS (SELECT FROM moai_private.delivery AS d WHERE d.event_id = o.event_id)
          AND NOT EXISTS (SELECT FROM moai_private.dead_letter AS l WHERE l.event_id = o.event_id)
    )
    DELETE FROM moai_private.event_held AS h
    WHERE NOT EXISTS (SELECT FROM moai_private.delivery AS d WHERE d.event_id = h.id)
      AND NOT EXISTS (SELECT FROM moai_private.dead_letter AS l WHERE l.event_id = h.id);
    GET DIAGNOSTICS _released = ROW_COUNT;
    RETURN _released;
END
$$;
COMMENT ON FUNCTION moai_private.release_held IS
$$Removes the held events that neither an unfinished delivery nor a dead letter needs any more, with their attempts and outcomes, and returns how
many events these were. Locks: the rows it removes; it stops nobody.$$;
