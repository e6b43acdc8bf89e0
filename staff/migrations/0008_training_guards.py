"""What was attempted and certified stays as it was."""

from django.db import migrations

GUARD = """
CREATE FUNCTION staff_refuse_training() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% % stays as it was', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER attempt_is_frozen BEFORE UPDATE ON staff_attempt
    FOR EACH ROW WHEN (
        OLD.finished_at IS NOT NULL
        OR (OLD.user_id, OLD.course_id, OLD.course_version, OLD.seed, OLD.pool, OLD.asked, OLD.pass_mark, OLD.started_at)
        IS DISTINCT FROM
        (NEW.user_id, NEW.course_id, NEW.course_version, NEW.seed, NEW.pool, NEW.asked, NEW.pass_mark, NEW.started_at)
    ) EXECUTE FUNCTION staff_refuse_training();
CREATE TRIGGER attempt_is_kept BEFORE DELETE ON staff_attempt
    FOR EACH ROW EXECUTE FUNCTION staff_refuse_training();
CREATE TRIGGER question_is_frozen BEFORE UPDATE ON staff_question
    FOR EACH ROW WHEN (
        NOT OLD.is_current
        OR (OLD.course_id, OLD.number, OLD.version, OLD.kind, OLD.text, OLD.options, OLD."right", OLD.explanation)
        IS DISTINCT FROM
        (NEW.course_id, NEW.number, NEW.version, NEW.kind, NEW.text, NEW.options, NEW."right", NEW.explanation)
    ) EXECUTE FUNCTION staff_refuse_training();
CREATE TRIGGER question_is_kept BEFORE DELETE ON staff_question
    FOR EACH ROW EXECUTE FUNCTION staff_refuse_training();
CREATE TRIGGER certificate_is_frozen BEFORE UPDATE ON staff_certificate
    FOR EACH ROW WHEN (
        OLD.revoked_at IS NOT NULL
        OR (OLD.number, OLD.user_id, OLD.course_id, OLD.course_version, OLD.licence, OLD.issued_on, OLD.expires_on)
        IS DISTINCT FROM
        (NEW.number, NEW.user_id, NEW.course_id, NEW.course_version, NEW.licence, NEW.issued_on, NEW.expires_on)
    ) EXECUTE FUNCTION staff_refuse_training();
CREATE TRIGGER certificate_is_kept BEFORE DELETE ON staff_certificate
    FOR EACH ROW EXECUTE FUNCTION staff_refuse_training();
"""
UNDO = """
DROP TRIGGER attempt_is_frozen ON staff_attempt;
DROP TRIGGER attempt_is_kept ON staff_attempt;
DROP TRIGGER question_is_frozen ON staff_question;
DROP TRIGGER question_is_kept ON staff_question;
DROP TRIGGER certificate_is_frozen ON staff_certificate;
DROP TRIGGER certificate_is_kept ON staff_certificate;
DROP FUNCTION staff_refuse_training();
"""


class Migration(migrations.Migration):
    dependencies = [("staff", "0007_the_week")]

    operations = [migrations.RunSQL(GUARD, UNDO)]
