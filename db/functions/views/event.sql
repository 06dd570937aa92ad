CREATE OR REPLACE VIEW moai.event AS
SELECT e.id, e.tenant, e.type, e.published_at, e.payload FROM moai_private.event AS e
UNION ALL
SELECT h.id, h.tenant, h.type, h.published_at, h.payload FROM moai_private.event_held AS h;
COMMENT ON VIEW moai.event IS 'What was published, of the tenants that the login acts for. Looking up an id is an index probe at any age.';
COMMENT ON COLUMN moai.event.id IS 'UUIDv7: sorts by time of publishing. Receivers see it as webhook-id.';
COMMENT ON COLUMN moai.event.payload IS 'The published text, byte for byte.';
