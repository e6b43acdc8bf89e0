"""No case is closed before the complainant has the decision, and no deadline moves without a notice: kept below the
services, too (product.md P02, P08)."""

from django.db import migrations

GUARD = """
CREATE FUNCTION complaints_guard_closing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.cause = '' OR NOT EXISTS (
        SELECT FROM complaints_decision d
        WHERE d.complaint_id = NEW.id AND d.round = NEW.round
          AND d.approved_by_id IS NOT NULL AND d.delivered_on IS NOT NULL AND d.proof <> ''
    ) THEN
        RAISE EXCEPTION 'complaint %: not closed without a decision that was approved and delivered, and a cause',
            NEW.number USING ERRCODE = 'check_violation', CONSTRAINT = 'complaint_closed_with_decision';
    END IF;
    RETURN NEW;
END $$;
-- After complaint_allowed_move: triggers fire by name.
CREATE TRIGGER complaint_closed_with_decision BEFORE UPDATE OF state ON complaints_complaint
    FOR EACH ROW WHEN (NEW.state = 'closed' AND OLD.state <> 'closed') EXECUTE FUNCTION complaints_guard_closing();

-- The latest deadline is that of the round's beginning and the extensions in force: each has an approver and a notice.
CREATE FUNCTION complaints_guard_deadline() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    first_due date := (
        SELECT m.due_on FROM complaints_casemove m
        WHERE m.complaint_id = NEW.id AND m.move IN ('register', 'reopen') ORDER BY m.id DESC LIMIT 1
    );
    more integer := (
        SELECT COALESCE(sum(e.days), 0) FROM complaints_extension e
        WHERE e.complaint_id = NEW.id AND e.round = NEW.round AND e.state = 'granted'
    );
BEGIN
    IF first_due IS NULL OR NEW.due_on > first_due + more THEN
        RAISE EXCEPTION 'complaint %: no more time without an approver and a notice', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'complaint_more_time_was_told';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER complaint_more_time_was_told BEFORE UPDATE OF due_on ON complaints_complaint
    FOR EACH ROW WHEN (NEW.round = OLD.round AND NEW.due_on > OLD.due_on)
    EXECUTE FUNCTION complaints_guard_deadline();
"""
UNGUARD = """
DROP TRIGGER complaint_more_time_was_told ON complaints_complaint;
DROP FUNCTION complaints_guard_deadline();
DROP TRIGGER complaint_closed_with_decision ON complaints_complaint;
DROP FUNCTION complaints_guard_closing();
"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0003_guards")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
