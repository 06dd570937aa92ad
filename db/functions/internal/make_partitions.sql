CREATE OR REPLACE FUNCTION moai_private.make_partitions(at timestamptz, ahead interval)
    RETURNS integer
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    -- Weeks are UTC's, whatever the session's time zone. One week back: the clock may be set back.
    _week timestamp := date_trunc('week', make_partitions.at AT TIME ZONE 'UTC') - interval '7 days';
    _until timestamp := (make_partitions.at AT TIME ZONE 'UTC') + make_partitions.ahead;
    _parent text;
    _partition text;
    _made integer := 0;
BEGIN
    WHILE _week <= _until LOOP
        FOREACH _parent IN ARRAY ARRAY['event', 'attempt', 'outcome'] LOOP
            _partition := _parent || to_char(_week, '"_"IYYY"w"IW');
            IF to_regclass('moai_private.' || _partition) IS NULL THEN
                EXECUTE format('CREATE TABLE moai_private.%I PARTITION OF moai_private.%I FOR VALUES FROM (%L) TO (%L)',
                    _partition, _parent,
                    moai_private.uuid_v7_floor(_week AT TIME ZONE 'UTC'),
                    moai_private.uuid_v7_floor((_week + interval '7 days') AT TIME ZONE 'UTC'));
                _made := _made + 1;
            END IF;
        END LOOP;
        _week := _week + interval '7 days';
    END LOOP;
    RETURN _made;
END
$$;
COMMENT ON FUNCTION moai_private.make_partitions IS
$$Makes the weekly partitions of event, attempt and outcome that are missing from one week before `at` until `ahead` after it.
Returns how many it made. Locks: ACCESS EXCLUSIVE on a parent for each partition that is missing, none when nothing is.$$;
