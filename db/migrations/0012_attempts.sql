-- What an attempt tells besides: where it was sent, which keys signed it, and the head of the answer.
ALTER TABLE moai_private.attempt ADD COLUMN url text, ADD COLUMN signed_with text, ADD COLUMN response_headers text;
ALTER TABLE moai_private.attempt_held ADD COLUMN url text, ADD COLUMN signed_with text, ADD COLUMN response_headers text;
COMMENT ON COLUMN moai_private.attempt.signed_with IS 'moai_private.key_id of each secret that signed it, newest first, separated by spaces.';
COMMENT ON COLUMN moai_private.attempt.response_headers IS 'The beginning of them, a line each.';
ALTER TYPE moai_private.result ADD ATTRIBUTE url text, ADD ATTRIBUTE signed_with text, ADD ATTRIBUTE response_headers text;
