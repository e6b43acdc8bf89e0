"""Invalid sets of bands are impossible in the database too, and those of an approved version never change.

Checked when a transaction ends: a version and its bands are written one after the other.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION tiers_check_bands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked bigint := CASE TG_TABLE_NAME WHEN 'tiers_scheme' THEN (to_jsonb(coalesce(NEW, OLD))->>'id')::bigint
                      ELSE (to_jsonb(coalesce(NEW, OLD))->>'scheme_id')::bigint END;
    fault text;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM tiers_scheme WHERE id = checked) THEN
        RETURN NULL;
    END IF;
    SELECT CASE
        WHEN count(*) NOT BETWEEN 2 AND 8 THEN 'must have 2 to 8 bands'
        WHEN min(rank) <> 1 OR max(rank) <> count(*) THEN 'must number its bands from 1 without gaps'
        WHEN min(floor) <> 0 THEN 'must begin at 0'
        WHEN bool_or(floor <= below) THEN 'must have ascending floors'
    END INTO fault
    FROM (SELECT rank, floor, lag(floor) OVER (ORDER BY rank) AS below FROM tiers_band WHERE scheme_id = checked) b;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'tier scheme % %', checked, fault USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION tiers_keep_bands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM tiers_scheme WHERE id IN (OLD.scheme_id, NEW.scheme_id) AND status = 'approved') THEN
        RAISE EXCEPTION 'the bands of approved tier scheme % do not change', coalesce(OLD.scheme_id, NEW.scheme_id)
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE CONSTRAINT TRIGGER band_set_is_a_policy AFTER INSERT OR UPDATE OR DELETE ON tiers_band
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tiers_check_bands();
CREATE CONSTRAINT TRIGGER scheme_has_bands AFTER INSERT OR UPDATE ON tiers_scheme
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tiers_check_bands();
CREATE TRIGGER band_of_approved_stays BEFORE INSERT OR UPDATE OR DELETE ON tiers_band
    FOR EACH ROW EXECUTE FUNCTION tiers_keep_bands();
"""
BACKWARD = """
DROP TRIGGER band_of_approved_stays ON tiers_band;
DROP TRIGGER scheme_has_bands ON tiers_scheme;
DROP TRIGGER band_set_is_a_policy ON tiers_band;
DROP FUNCTION tiers_keep_bands();
DROP FUNCTION tiers_check_bands();
"""


class Migration(migrations.Migration):
    dependencies = [("tiers", "0003_policy_desk")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
