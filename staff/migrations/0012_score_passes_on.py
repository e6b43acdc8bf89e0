"""A check that is not marked yet can pass to another scorer: whoever was to mark it may have left."""

from django.db import migrations

PASSES_ON = """
DROP TRIGGER score_is_kept ON staff_score;
CREATE TRIGGER score_is_kept BEFORE UPDATE ON staff_score
    FOR EACH ROW WHEN (
        OLD.at IS NOT NULL OR OLD.spot_check_id IS DISTINCT FROM NEW.spot_check_id
        OR (OLD.scorer_id IS DISTINCT FROM NEW.scorer_id AND NEW.at IS NOT NULL)
    ) EXECUTE FUNCTION staff_supervision_is_kept();
DROP TRIGGER score_by_another ON staff_score;
CREATE TRIGGER score_by_another BEFORE INSERT OR UPDATE OF scorer_id ON staff_score
    FOR EACH ROW EXECUTE FUNCTION staff_score_by_another();
"""

UNDO = """
DROP TRIGGER score_by_another ON staff_score;
CREATE TRIGGER score_by_another BEFORE INSERT ON staff_score
    FOR EACH ROW EXECUTE FUNCTION staff_score_by_another();
DROP TRIGGER score_is_kept ON staff_score;
CREATE TRIGGER score_is_kept BEFORE UPDATE ON staff_score
    FOR EACH ROW WHEN (
        OLD.at IS NOT NULL OR (OLD.spot_check_id, OLD.scorer_id) IS DISTINCT FROM (NEW.spot_check_id, NEW.scorer_id)
    ) EXECUTE FUNCTION staff_supervision_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("staff", "0011_page_openings")]

    operations = [migrations.RunSQL(PASSES_ON, UNDO)]
