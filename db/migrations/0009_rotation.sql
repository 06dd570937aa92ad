-- Secrets that were replaced go on signing beside the new one until receivers have changed over.
ALTER TABLE moai_private.subscription ADD COLUMN old_secrets text[], ADD COLUMN old_until timestamptz[],
    ADD CONSTRAINT subscription_old_secrets_paired CHECK (
        (old_secrets IS NULL) = (old_until IS NULL) AND cardinality(old_secrets) = cardinality(old_until) AND cardinality(old_secrets) BETWEEN 1 AND 4);
COMMENT ON COLUMN moai_private.subscription.old_secrets IS 'Replaced ones, newest first, that may still sign; NULL: none. They are erased by moai.maintain.';
COMMENT ON COLUMN moai_private.subscription.old_until IS 'When each of them stops signing.';
CREATE INDEX subscription_rotating_idx ON moai_private.subscription (id) WHERE old_secrets IS NOT NULL;
