CREATE OR REPLACE FUNCTION moai_private.parking_length(share double precision)
    RETURNS interval
    LANGUAGE sql
    IMMUTABLE
    PARALLEL SAFE
-- Apart from each other, so that 100 000 of a dead worker do not all come back at one instant.
RETURN interval '5 minutes' * (1 + parking_length.share);
COMMENT ON FUNCTION moai_private.parking_length IS
'How long a delivery that its endpoint has no room for stays out of the claims'' way unless it is asked for. share: random, 0 to 1.';
