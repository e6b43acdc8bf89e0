"""The law's file keeps itself: states change only by allowed moves, and what was decided stays as it was.

The pairs repeat `complaints.rules.moves`; a test compares them.
"""

from django.db import migrations

GUARD = """
CREATE FUNCTION complaints_guard_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state || '>' || NEW.state NOT IN (
        'registered>accepted', 'accepted>investigating', 'reopened>investigating', 'investigating>proposed',
        'proposed>investigating', 'proposed>answered', 'answered>closed', 'registered>withdrawn',
        'accepted>withdrawn', 'investigating>withdrawn', 'proposed>withdrawn', 'reopened>withdrawn',
        'answered>reopened', 'closed>reopened', 'withdrawn>reopened'
    ) THEN
        RAISE EXCEPTION 'complaint %: no move leads from % to %', OLD.number, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'complaint_allowed_move';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER complaint_allowed_move BEFORE UPDATE OF state ON complaints_complaint
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION complaints_guard_state();

CREATE FUNCTION complaints_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'complaint % has ended: its file does not change', OLD.number
        USING ERRCODE = 'check_violation', CONSTRAINT = 'complaint_file_is_closed';
END $$;
CREATE TRIGGER complaint_file_is_closed BEFORE UPDATE ON complaints_complaint
    FOR EACH ROW WHEN (
        OLD.state IN ('closed', 'withdrawn') AND NEW.state = OLD.state AND (
            OLD.received_on, OLD.due_on, OLD.answered_on, OLD.closed_on, OLD.account_cipher, OLD.wanted_cipher,
            OLD.category, OLD.number, OLD.source, OLD.source_no, OLD.complainant, OLD.name_cipher
        ) IS DISTINCT FROM (
            NEW.received_on, NEW.due_on, NEW.answered_on, NEW.closed_on, NEW.account_cipher, NEW.wanted_cipher,
            NEW.category, NEW.number, NEW.source, NEW.source_no, NEW.complainant, NEW.name_cipher
        )
    ) EXECUTE FUNCTION complaints_refuse_change();

CREATE FUNCTION complaints_guard_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    case_id bigint := CASE TG_OP WHEN 'DELETE' THEN OLD.complaint_id ELSE NEW.complaint_id END;
    case_state text := (SELECT state FROM complaints_complaint WHERE id = case_id);
BEGIN
    IF case_state IN ('closed', 'withdrawn') THEN
        RAISE EXCEPTION 'complaint %: the case has ended, % does not change', case_id, TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'complaint_file_is_closed';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evidence_file_is_closed BEFORE INSERT OR UPDATE OR DELETE ON complaints_evidence
    FOR EACH ROW EXECUTE FUNCTION complaints_guard_part();
CREATE TRIGGER decision_file_is_closed BEFORE INSERT OR UPDATE OR DELETE ON complaints_decision
    FOR EACH ROW EXECUTE FUNCTION complaints_guard_part();

CREATE FUNCTION complaints_same_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'evidence % is the file it was', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_is_the_same_file';
END $$;
CREATE TRIGGER evidence_is_the_same_file BEFORE UPDATE ON complaints_evidence
    FOR EACH ROW WHEN (
        (OLD.sha256, OLD.size, OLD.stored_as, OLD.complaint_id, OLD.added_by_id, OLD.added_at)
        IS DISTINCT FROM (NEW.sha256, NEW.size, NEW.stored_as, NEW.complaint_id, NEW.added_by_id, NEW.added_at)
    ) EXECUTE FUNCTION complaints_same_file();

CREATE TRIGGER case_move_is_append_only BEFORE UPDATE OR DELETE ON complaints_casemove
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER escalation_is_append_only BEFORE UPDATE OR DELETE ON complaints_escalation
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""
UNGUARD = """
DROP TRIGGER escalation_is_append_only ON complaints_escalation;
DROP TRIGGER case_move_is_append_only ON complaints_casemove;
DROP TRIGGER evidence_is_the_same_file ON complaints_evidence;
DROP FUNCTION complaints_same_file();
DROP TRIGGER decision_file_is_closed ON complaints_decision;
DROP TRIGGER evidence_file_is_closed ON complaints_evidence;
DROP FUNCTION complaints_guard_part();
DROP TRIGGER complaint_file_is_closed ON complaints_complaint;
DROP FUNCTION complaints_refuse_change();
DROP TRIGGER complaint_allowed_move ON complaints_complaint;
DROP FUNCTION complaints_guard_state();
"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0002_cases"), ("core", "0002_append_only_trail")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
