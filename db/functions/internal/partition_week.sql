CREATE OR REPLACE FUNCTION moai_private.partition_week(at timestamptz)
    RETURNS text
    LANGUAGE sql
    IMMUTABLE
    PARALLEL SAFE
RETURN to_char(partition_week.at AT TIME ZONE 'UTC', 'IYYY"w"IW');
COMMENT ON FUNCTION moai_private.partition_week IS 'What the partitions of this time are named after: the ISO week in UTC, as in event_2026w47.';
