"""Targets are of permitted measures only, and an approved one does not change."""

from django.db import migrations

# What a version says stays as it was asked for; only what became of it moves on. What was approved is never deleted.
FROZEN = """
CREATE FUNCTION target_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.of, NEW.branch_id, NEW.team_id, NEW.person_id, NEW.measure, NEW.period, NEW.starts_on, NEW.ends_on,
      NEW.aim, NEW.note, NEW.version, NEW.replaces_id, NEW.drafted_by_id, NEW.drafted_at)
     IS DISTINCT FROM
     (OLD.of, OLD.branch_id, OLD.team_id, OLD.person_id, OLD.measure, OLD.period, OLD.starts_on, OLD.ends_on,
      OLD.aim, OLD.note, OLD.version, OLD.replaces_id, OLD.drafted_by_id, OLD.drafted_at) THEN
    RAISE EXCEPTION 'a target is changed by a later version' USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state <> NEW.state AND NOT (
       (OLD.state = 'pending' AND NEW.state IN ('approved', 'rejected', 'withdrawn'))
       OR (OLD.state = 'approved' AND NEW.state IN ('replaced', 'over'))) THEN
    RAISE EXCEPTION 'a target cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER target_is_frozen BEFORE UPDATE ON staff_target
  FOR EACH ROW EXECUTE FUNCTION target_is_frozen();
CREATE FUNCTION target_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'targets are kept' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER target_is_kept BEFORE DELETE ON staff_target
  FOR EACH ROW EXECUTE FUNCTION target_is_kept();
"""
BACK = """
DROP TRIGGER target_is_kept ON staff_target;
DROP FUNCTION target_is_kept();
DROP TRIGGER target_is_frozen ON staff_target;
DROP FUNCTION target_is_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("staff", "0009_supervision_guards")]

    operations = [migrations.RunSQL(FROZEN, BACK)]
