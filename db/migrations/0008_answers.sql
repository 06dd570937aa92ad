-- What a receiver asks for: to be left alone for a while (Retry-After), or for good (410).
ALTER TYPE moai_private.result ADD ATTRIBUTE retry_after_us bigint;

-- A breaker that is open because the endpoint asked for it has not opened for its faults.
ALTER TABLE moai_private.endpoint_state DROP CONSTRAINT endpoint_state_counts_not_negative,
    ADD CONSTRAINT endpoint_state_counts_not_negative CHECK (consecutive_failures >= 0 AND times_opened >= 0);
