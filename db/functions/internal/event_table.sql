CREATE OR REPLACE FUNCTION moai_private.event_table(first uuid, last uuid)
    RETURNS text
    LANGUAGE plpgsql
    STABLE
AS $$
DECLARE
    _week text := moai_private.partition_week(to_timestamp(('x' || left(replace(event_table.first::text, '-', ''), 12))::bit(48)::bigint / 1000.0));
    _partition text := 'moai_private.event_' || _week;
BEGIN
    IF _week = moai_private.partition_week(to_timestamp(('x' || left(replace(event_table.last::text, '-', ''), 12))::bit(48)::bigint / 1000.0))
       AND to_regclass(_partition) IS NOT NULL THEN
        RETURN _partition;
    END IF;
    RETURN 'moai_private.event';
END
$$;
COMMENT ON FUNCTION moai_private.event_table IS
$$The table to read the events between two ids from: their partition if they have one in common, which spares planning with all of them.
Row security is on the parent alone, so this is for the claims, which act for every tenant.$$;
