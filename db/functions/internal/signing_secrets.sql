CREATE OR REPLACE FUNCTION moai_private.signing_secrets(secret text, old_secrets text[], old_until timestamptz[], at timestamptz)
    RETURNS text
    LANGUAGE sql
    IMMUTABLE
    PARALLEL SAFE
RETURN concat_ws(' ', signing_secrets.secret, (
    SELECT string_agg(o.secret, ' ' ORDER BY o.place)
    FROM unnest(signing_secrets.old_secrets, signing_secrets.old_until) WITH ORDINALITY AS o(secret, until, place)
    WHERE o.until > signing_secrets.at));
COMMENT ON FUNCTION moai_private.signing_secrets IS
'The secrets that sign a request at this time, separated by spaces: the subscription''s own, then the replaced ones that still count, newest first.';
