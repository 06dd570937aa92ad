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
    _owner name := (SELECT pg_get_userbyid(c.relowner) FROM pg_class AS c WHERE c.oid = 'moai_private.event'::regclass);
    _parent text;
    _partition text;
    _locked boolean := false;
    _made integer := 0;
BEGIN
    WHILE _week <= _until LOOP
        FOREACH _parent IN ARRAY ARRAY['event', 'attempt', 'outcome'] LOOP
            _partition := _parent || '_' || moai_private.partition_week(_week AT TIME ZONE 'UTC');
            IF to_regclass('moai_private.' || _partition) IS NULL THEN
                -- Of two workers that start together the second finds them made. A lock of the tables, not an advisory one: only with it
                -- does a session hear that a name it has just missed is there by now.
                IF NOT _locked THEN
                    LOCK TABLE ONLY moai_private.event, ONLY moai_private.attempt, ONLY moai_private.outcome IN SHARE UPDATE EXCLUSIVE MODE;
                    _locked := true;
                    CONTINUE WHEN to_regclass('moai_private.' || _partition) IS NOT NULL;
                END IF;
                -- Attached, not CREATE … PARTITION OF: that takes ACCESS EXCLUSIVE on the parent, waits for every open publisher, and all
                -- other publishers wait behind it.
                EXECUTE format('CREATE TABLE moai_private.%I (LIKE moai_private.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)',
                    _partition, _parent);
                -- Whichever member of the owner makes it: everything belongs to one role.
                EXECUTE format('ALTER TABLE moai_private.%I OWNER TO %I', _partition, _owner);
                EXECUTE format('ALTER TABLE moai_private.%I ATTACH PARTITION moai_private.%I FOR VALUES FROM (%L) TO (%L)',
                    _parent, _partition,
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
Returns how many it made. Locks: SHARE UPDATE EXCLUSIVE on event, attempt and outcome if any is missing, so that publishing
and completing go on; none when nothing is missing.$$;
