CREATE OR REPLACE FUNCTION moai_private.retry_delay(
    retry integer, schedule interval[], base interval, factor double precision, cap interval, jitter double precision, draw double precision)
    RETURNS interval
    LANGUAGE sql
    IMMUTABLE
    PARALLEL SAFE
RETURN make_interval(secs =>
    CASE WHEN retry_delay.schedule IS NOT NULL
         THEN extract(epoch FROM retry_delay.schedule[least(retry_delay.retry, cardinality(retry_delay.schedule))])
    -- Compared as logarithms, so that no number of retries overflows the power.
         WHEN (retry_delay.retry - 1) * ln(retry_delay.factor) >= ln(extract(epoch FROM retry_delay.cap) / extract(epoch FROM retry_delay.base))
         THEN extract(epoch FROM retry_delay.cap)
         ELSE extract(epoch FROM retry_delay.base)::double precision * power(retry_delay.factor, retry_delay.retry - 1)
    END * (1 + retry_delay.jitter * retry_delay.draw));
COMMENT ON FUNCTION moai_private.retry_delay IS
$$How long after failed try number `retry` (1, 2, …) the next one is due: as schedule has it or, without one, base * factor^(retry - 1), at most cap,
lengthened by the share `draw` (0 to 1, random) of jitter. Never shorter than without jitter.$$;
