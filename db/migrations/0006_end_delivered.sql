-- A function whose arguments have changed: replacing it would leave the old one beside the new.
DROP FUNCTION IF EXISTS moai_private.judge(text, json, timestamptz);
