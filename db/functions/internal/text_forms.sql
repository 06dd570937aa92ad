-- How values are written in answers, whatever the session's settings.

CREATE OR REPLACE FUNCTION moai_private.time_text(at timestamptz)
    RETURNS text
    LANGUAGE plpgsql  -- keeps its plan, unlike SQL
    IMMUTABLE
    PARALLEL SAFE
AS $$
BEGIN
    -- No time and the end of time are both "none".
    RETURN CASE WHEN isfinite(time_text.at) THEN to_char(time_text.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END;
END
$$;
COMMENT ON FUNCTION moai_private.time_text IS 'The time as RFC 3339 text in UTC with microseconds; NULL for NULL and infinity.';

CREATE OR REPLACE FUNCTION moai_private.duration_text(duration interval)
    RETURNS text
    LANGUAGE plpgsql
    IMMUTABLE
    PARALLEL SAFE
    SET intervalstyle = iso_8601
AS $$
BEGIN
    RETURN duration_text.duration::text;
END
$$;
COMMENT ON FUNCTION moai_private.duration_text IS 'The interval in ISO 8601, such as PT5S or PT24H: a form that is accepted back.';
