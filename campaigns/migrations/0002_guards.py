"""What was approved and frozen stays so, and nothing that was sent goes back into the queue.

The pairs of states repeat `campaigns.rules.moves` and `campaigns.rules.sending`; tests compare them.
"""

from django.db import migrations

GUARD = """
CREATE FUNCTION campaigns_guard_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state || '>' || NEW.state NOT IN (
        'draft>submitted', 'submitted>draft', 'checked>draft', 'submitted>checked', 'submitted>approved',
        'checked>approved', 'approved>draft', 'approved>running', 'running>paused', 'paused>running',
        'running>ended', 'paused>ended', 'approved>stopped', 'running>stopped', 'paused>stopped'
    ) THEN
        RAISE EXCEPTION 'campaign %: no move leads from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'campaign_allowed_move';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER campaign_allowed_move BEFORE UPDATE OF state ON campaigns_campaign
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION campaigns_guard_state();

CREATE FUNCTION campaigns_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'campaign % is no draft: what was submitted does not change', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'campaign_is_frozen';
END $$;
CREATE TRIGGER campaign_is_frozen BEFORE UPDATE ON campaigns_campaign
    FOR EACH ROW WHEN (
        OLD.state <> 'draft' AND (
            OLD.name, OLD.goal, OLD.kind, OLD.branch_id, OLD.of_book, OLD.segment_id, OLD.exclusions, OLD.channel,
            OLD.template_id, OLD.offer_id, OLD.article_id, OLD.script, OLD.capacity, OLD.starts_on, OLD.ends_on,
            OLD.holdout, OLD.seed, OLD.occasion, OLD.days, OLD.amount, OLD.cost, OLD.created_by_id
        ) IS DISTINCT FROM (
            NEW.name, NEW.goal, NEW.kind, NEW.branch_id, NEW.of_book, NEW.segment_id, NEW.exclusions, NEW.channel,
            NEW.template_id, NEW.offer_id, NEW.article_id, NEW.script, NEW.capacity, NEW.starts_on, NEW.ends_on,
            NEW.holdout, NEW.seed, NEW.occasion, NEW.days, NEW.amount, NEW.cost, NEW.created_by_id
        )
    ) EXECUTE FUNCTION campaigns_refuse_change();
CREATE TRIGGER campaign_approval_is_frozen BEFORE UPDATE ON campaigns_campaign
    FOR EACH ROW WHEN (
        OLD.state IN ('approved', 'running', 'paused', 'ended', 'stopped') AND NEW.state <> 'draft'
        AND (OLD.digest, OLD.frozen, OLD.approved_by_id) IS DISTINCT FROM (NEW.digest, NEW.frozen, NEW.approved_by_id)
    ) EXECUTE FUNCTION campaigns_refuse_change();

CREATE FUNCTION campaigns_guard_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'member %: the audience is as it was at launch', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'member_is_frozen';
END $$;
CREATE TRIGGER member_is_frozen BEFORE UPDATE ON campaigns_member
    FOR EACH ROW WHEN (
        (OLD.campaign_id, OLD.branch_id, OLD.manager_id, OLD.tier, OLD.arm, OLD.joined_on)
        IS DISTINCT FROM (NEW.campaign_id, NEW.branch_id, NEW.manager_id, NEW.tier, NEW.arm, NEW.joined_on)
    ) EXECUTE FUNCTION campaigns_guard_member();
CREATE TRIGGER member_is_kept BEFORE DELETE ON campaigns_member
    FOR EACH ROW EXECUTE FUNCTION campaigns_guard_member();

CREATE FUNCTION campaigns_guard_outreach() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state || '>' || NEW.state NOT IN (
        'queued>sending', 'queued>suppressed', 'queued>cancelled', 'queued>sent', 'queued>failed', 'sending>sent',
        'sending>unknown', 'sending>failed', 'sending>queued', 'sending>suppressed', 'sending>cancelled',
        'unknown>sent', 'unknown>failed', 'unknown>queued', 'failed>queued', 'failed>cancelled'
    ) THEN
        RAISE EXCEPTION 'outreach %: nothing leads from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'outreach_allowed_move';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outreach_allowed_move BEFORE UPDATE OF state ON campaigns_outreach
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION campaigns_guard_outreach();

CREATE FUNCTION campaigns_keep_outreach() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'outreach % left, or may have left: it is kept', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'outreach_is_kept';
END $$;
CREATE TRIGGER outreach_is_kept BEFORE DELETE ON campaigns_outreach
    FOR EACH ROW WHEN (OLD.state IN ('sending', 'sent', 'unknown')) EXECUTE FUNCTION campaigns_keep_outreach();

CREATE FUNCTION campaigns_guard_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% %: what was approved does not change, its next version does', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'content_is_frozen';
END $$;
CREATE TRIGGER template_is_frozen BEFORE UPDATE ON campaigns_template
    FOR EACH ROW WHEN (
        OLD.state IN ('approved', 'retired')
        AND (OLD.name, OLD.version, OLD.channel, OLD.subject, OLD.body, OLD.disclosures)
        IS DISTINCT FROM (NEW.name, NEW.version, NEW.channel, NEW.subject, NEW.body, NEW.disclosures)
    ) EXECUTE FUNCTION campaigns_guard_content();
CREATE TRIGGER offer_is_frozen BEFORE UPDATE ON campaigns_offer
    FOR EACH ROW WHEN (
        OLD.state IN ('approved', 'retired')
        AND (OLD.name, OLD.kind, OLD.text, OLD.pieces, OLD.rule, OLD.risk, OLD.least, OLD.starts_on, OLD.ends_on, OLD.is_new)
        IS DISTINCT FROM
        (NEW.name, NEW.kind, NEW.text, NEW.pieces, NEW.rule, NEW.risk, NEW.least, NEW.starts_on, NEW.ends_on, NEW.is_new)
    ) EXECUTE FUNCTION campaigns_guard_content();
CREATE TRIGGER article_is_frozen BEFORE UPDATE ON campaigns_article
    FOR EACH ROW WHEN (
        OLD.state IN ('approved', 'retired')
        AND (OLD.title, OLD.version, OLD.subject, OLD.body, OLD.tiers, OLD.expires_on)
        IS DISTINCT FROM (NEW.title, NEW.version, NEW.subject, NEW.body, NEW.tiers, NEW.expires_on)
    ) EXECUTE FUNCTION campaigns_guard_content();

CREATE TRIGGER campaign_move_is_append_only BEFORE UPDATE OR DELETE ON campaigns_campaignmovemade
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""
UNGUARD = """
DROP TRIGGER article_is_frozen ON campaigns_article;
DROP TRIGGER offer_is_frozen ON campaigns_offer;
DROP TRIGGER template_is_frozen ON campaigns_template;
DROP FUNCTION campaigns_guard_content();
DROP TRIGGER campaign_move_is_append_only ON campaigns_campaignmovemade;
DROP TRIGGER outreach_is_kept ON campaigns_outreach;
DROP FUNCTION campaigns_keep_outreach();
DROP TRIGGER outreach_allowed_move ON campaigns_outreach;
DROP FUNCTION campaigns_guard_outreach();
DROP TRIGGER member_is_kept ON campaigns_member;
DROP TRIGGER member_is_frozen ON campaigns_member;
DROP FUNCTION campaigns_guard_member();
DROP TRIGGER campaign_approval_is_frozen ON campaigns_campaign;
DROP TRIGGER campaign_is_frozen ON campaigns_campaign;
DROP FUNCTION campaigns_refuse_change();
DROP TRIGGER campaign_allowed_move ON campaigns_campaign;
DROP FUNCTION campaigns_guard_state();
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_campaigns"), ("core", "0002_append_only_trail")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
