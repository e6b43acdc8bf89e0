"""What was drawn, scored and found stays as it was."""

from django.db import migrations

GUARD = """
CREATE FUNCTION staff_supervision_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% %: what supervision logged does not change', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'supervision_is_kept';
END $$;

CREATE TRIGGER draw_seed_is_kept BEFORE UPDATE ON staff_draw
    FOR EACH ROW WHEN (
        (OLD.plan_id, OLD.first, OLD.last, OLD.seed, OLD.seeded_at, OLD.criteria, OLD.weights)
        IS DISTINCT FROM (NEW.plan_id, NEW.first, NEW.last, NEW.seed, NEW.seeded_at, NEW.criteria, NEW.weights)
        OR OLD.drawn_at IS NOT NULL
    ) EXECUTE FUNCTION staff_supervision_is_kept();
CREATE TRIGGER draw_is_kept BEFORE DELETE ON staff_draw
    FOR EACH ROW EXECUTE FUNCTION staff_supervision_is_kept();

CREATE TRIGGER spot_check_is_kept BEFORE UPDATE ON staff_spotcheck
    FOR EACH ROW WHEN (
        (OLD.draw_id, OLD.branch_id, OLD.person_id, OLD.source, OLD.record_id, OLD.weight, OLD.drawn_by)
        IS DISTINCT FROM
        (NEW.draw_id, NEW.branch_id, NEW.person_id, NEW.source, NEW.record_id, NEW.weight, NEW.drawn_by)
        OR OLD.state = 'done'
    ) EXECUTE FUNCTION staff_supervision_is_kept();
CREATE TRIGGER spot_check_is_not_deleted BEFORE DELETE ON staff_spotcheck
    FOR EACH ROW EXECUTE FUNCTION staff_supervision_is_kept();

CREATE TRIGGER score_is_kept BEFORE UPDATE ON staff_score
    FOR EACH ROW WHEN (
        OLD.at IS NOT NULL OR (OLD.spot_check_id, OLD.scorer_id) IS DISTINCT FROM (NEW.spot_check_id, NEW.scorer_id)
    ) EXECUTE FUNCTION staff_supervision_is_kept();
CREATE TRIGGER score_is_not_deleted BEFORE DELETE ON staff_score
    FOR EACH ROW EXECUTE FUNCTION staff_supervision_is_kept();

CREATE FUNCTION staff_score_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.scorer_id = (SELECT person_id FROM staff_spotcheck WHERE id = NEW.spot_check_id) THEN
        RAISE EXCEPTION 'check %: nobody scores themselves', NEW.spot_check_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'score_by_another';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER score_by_another BEFORE INSERT ON staff_score
    FOR EACH ROW EXECUTE FUNCTION staff_score_by_another();

CREATE TRIGGER finding_move_is_append_only BEFORE UPDATE OR DELETE ON staff_findingmove
    FOR EACH ROW EXECUTE FUNCTION staff_supervision_is_kept();
"""

UNDO = """
DROP TRIGGER finding_move_is_append_only ON staff_findingmove;
DROP TRIGGER score_by_another ON staff_score;
DROP FUNCTION staff_score_by_another();
DROP TRIGGER score_is_not_deleted ON staff_score;
DROP TRIGGER score_is_kept ON staff_score;
DROP TRIGGER spot_check_is_not_deleted ON staff_spotcheck;
DROP TRIGGER spot_check_is_kept ON staff_spotcheck;
DROP TRIGGER draw_is_kept ON staff_draw;
DROP TRIGGER draw_seed_is_kept ON staff_draw;
DROP FUNCTION staff_supervision_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("staff", "0008_training_guards")]

    operations = [migrations.RunSQL(GUARD, UNDO)]
