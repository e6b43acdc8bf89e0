"""Every address of campaigns with its declared answers (R01)."""

from staff.access import AMOUNT_ROLES, BOOK_KEEPERS, CUSTOMER_ROLES, HEADS, SERVING
from staff.enums import Role
from tests.access_rules import JOB, MISSING_TO_ALL, READERS, A, Row, of_a, only, record
from tests.people import TOKEN

# A campaign of branch A concerns its people, and whoever oversees them.
CAMPAIGN = {"pk": record("campaign")}
CAMPAIGN_SEEN = {"manager", "other_manager", "senior", "expert", "head", "hq", "compliance", TOKEN}

# Content is the whole bank's: who serves customers reads it, makers draw it up, and a draft is its maker's.
CONTENT_MAKERS = (*BOOK_KEEPERS, *HEADS)
CONTENT_STEPS = only(*BOOK_KEEPERS, *HEADS, Role.COMPLIANCE)
DRAFT_OF_HEAD = of_a(*BOOK_KEEPERS, *HEADS, also={"head"})
CONTENT: list[Row] = [
    Row("campaigns:templates", get=READERS),
    Row("campaigns:template_new", get=only(*CONTENT_MAKERS), post=only(*CONTENT_MAKERS)),
    Row("campaigns:template_preview", post=CONTENT_STEPS),
    Row("campaigns:template", {"pk": record("template")}, get=READERS),
    Row("campaigns:template_edit", {"pk": record("template_draft")}, get=DRAFT_OF_HEAD, post=DRAFT_OF_HEAD),
    Row("campaigns:template_step", {"pk": record("template"), "step": "retire"}, post=CONTENT_STEPS),
    Row("campaigns:offers", get=READERS),
    Row("campaigns:offer_new", get=only(*CONTENT_MAKERS), post=only(*CONTENT_MAKERS)),
    Row("campaigns:offer", {"pk": record("offer")}, get=READERS),
    Row("campaigns:offer_edit", {"pk": record("offer_draft")}, get=DRAFT_OF_HEAD, post=DRAFT_OF_HEAD),
    Row("campaigns:offer_step", {"pk": record("offer"), "step": "retire"}, post=CONTENT_STEPS),
    Row("campaigns:library", get=READERS),
    Row("campaigns:article_new", get=only(*CONTENT_MAKERS), post=only(*CONTENT_MAKERS)),
    Row("campaigns:article", {"pk": record("article")}, get=READERS),
    Row("campaigns:article_edit", {"pk": record("article_draft")}, get=DRAFT_OF_HEAD, post=DRAFT_OF_HEAD),
    Row("campaigns:article_step", {"pk": record("article"), "step": "retire"}, post=CONTENT_STEPS),
    Row(
        "campaigns:article_give",
        {**A, "pk": record("article")},
        get=of_a(*CUSTOMER_ROLES),
        post=of_a(*CUSTOMER_ROLES),
    ),
    Row("campaigns:of_customer", A, get=of_a(*CUSTOMER_ROLES)),
    Row("campaigns:tolerance_new", A, post=of_a(*SERVING)),
]
# Whoever draws campaigns up or leads them, and compliance, which judges them.
LEAD_OR_JUDGE = only(*BOOK_KEEPERS, *HEADS, Role.COMPLIANCE)
OF_CAMPAIGN = of_a(*BOOK_KEEPERS, *HEADS, Role.COMPLIANCE, also=CAMPAIGN_SEEN)
DRAFT = {"pk": record("campaign_draft")}
CALLS = {"pk": record("campaign_calls")}
PASSES_ON = of_a(*HEADS, also={"head", "hq"})
WIN_BACK = {"pk": record("win_back")}
# The whole bank's: figures of calls, of nobody in particular.
MODEL = {"pk": record("model")}
CALLED: list[Row] = [
    Row("campaigns:calls", CALLS, get=OF_CAMPAIGN),
    Row("campaigns:calls_pass_on", CALLS, get=PASSES_ON, post=PASSES_ON),
    Row("campaigns:models", get=LEAD_OR_JUDGE),
    Row("campaigns:model", MODEL, get=LEAD_OR_JUDGE),
    Row("campaigns:model_train", post=only(*HEADS)),
    Row("campaigns:model_step", {**MODEL, "step": "use"}, post=only(Role.HEAD_OFFICE)),
    Row("campaigns:call_reasons", A, get=of_a(*AMOUNT_ROLES)),
    Row("campaigns:win_backs", get=only(*AMOUNT_ROLES)),
    Row("campaigns:win_back_candidates", get=only(*AMOUNT_ROLES)),
    Row("campaigns:win_back_open", post=only(*AMOUNT_ROLES)),
    Row("campaigns:win_back_results", get=only(*AMOUNT_ROLES)),
    Row("campaigns:win_back", WIN_BACK, get=of_a(*AMOUNT_ROLES)),
    Row("campaigns:win_back_step", {**WIN_BACK, "step": "close"}, post=of_a(*AMOUNT_ROLES)),
]
# A segment of branch A, and a list with customer a on it, both by the head.
SEGMENT, LISTED = {"pk": record("segment")}, {"pk": record("segment_list")}
SEGMENT_MAKERS = of_a(*BOOK_KEEPERS, *HEADS, also=CAMPAIGN_SEEN)
SEGMENT_OF_HEAD = of_a(*BOOK_KEEPERS, *HEADS, also={"head", "hq"})
SEGMENTS: list[Row] = [
    Row("campaigns:segments", get=LEAD_OR_JUDGE),
    Row("campaigns:segment_new", get=only(*BOOK_KEEPERS, *HEADS), post=only(*BOOK_KEEPERS, *HEADS)),
    Row("campaigns:list_new", get=only(*BOOK_KEEPERS, *HEADS), post=only(*BOOK_KEEPERS, *HEADS)),
    # A rule of one's own, narrow enough, tells amounts: not for those who see none.
    Row("campaigns:segment_count", get=LEAD_OR_JUDGE, post=only(*AMOUNT_ROLES)),
    Row("campaigns:members_export", get=LEAD_OR_JUDGE, post=LEAD_OR_JUDGE),
    # A count is the asker's alone.
    Row("campaigns:segment_counted", JOB, get=of_a(*BOOK_KEEPERS, *HEADS, Role.COMPLIANCE, also=set())),
    Row("campaigns:rule_builder", post=only(*BOOK_KEEPERS, *HEADS)),
    Row("campaigns:segment", SEGMENT, get=OF_CAMPAIGN),
    Row("campaigns:segment_sample", SEGMENT, get=OF_CAMPAIGN),
    Row("campaigns:segment_edit", SEGMENT, get=SEGMENT_OF_HEAD, post=SEGMENT_OF_HEAD),
    Row("campaigns:segment_keep", SEGMENT, post=SEGMENT_MAKERS),
    Row("campaigns:segment_step", {**SEGMENT, "step": "archive"}, post=SEGMENT_MAKERS),
    Row("campaigns:list_add", LISTED, post=SEGMENT_MAKERS),
    Row("campaigns:list_remove", LISTED, post=SEGMENT_MAKERS),
]
# An event of branch A with customer a as its guest, by the head; the counter of the branch stands at its door.
EVENT, SEAT = {"pk": record("event")}, {"pk": record("seat")}
EVENT_SEEN = CAMPAIGN_SEEN | {"teller", "lobby"}
DOORKEEPERS = (*SERVING, *HEADS)
EVENT_LED = of_a(*BOOK_KEEPERS, *HEADS, also={"head", "hq"})
EVENT_MADE = of_a(*BOOK_KEEPERS, *HEADS, also=CAMPAIGN_SEEN)
AT_DOOR = of_a(*DOORKEEPERS, also=EVENT_SEEN)
EVENTS: list[Row] = [
    Row("campaigns:events", get=READERS),
    Row("campaigns:event_new", get=only(*BOOK_KEEPERS, *HEADS), post=only(*BOOK_KEEPERS, *HEADS)),
    Row("campaigns:event", EVENT, get=of_a(*CUSTOMER_ROLES, also=EVENT_SEEN)),
    Row("campaigns:event_edit", EVENT, get=EVENT_LED, post=EVENT_LED),
    Row("campaigns:event_step", {**EVENT, "step": "close"}, post=EVENT_MADE),
    Row("campaigns:event_invite", EVENT, get=EVENT_MADE, post=EVENT_MADE),
    Row("campaigns:event_check_in", EVENT, get=AT_DOOR, post=AT_DOOR),
    Row("campaigns:event_print", EVENT, get=AT_DOOR),
    Row("campaigns:event_calendar", EVENT, get=of_a(*CUSTOMER_ROLES, also=EVENT_SEEN)),
    Row("campaigns:seat", SEAT, get=of_a(*CUSTOMER_ROLES)),
    Row("campaigns:seat_step", {**SEAT, "step": "in"}, post=of_a(*DOORKEEPERS)),
    # Behind a guest's own link; nobody was given this one.
    Row("campaigns:rsvp", {"token": "nobody-was-given-it"}, get=MISSING_TO_ALL, post=MISSING_TO_ALL),
    Row("campaigns:rsvp_calendar", {"token": "nobody-was-given-it"}, get=MISSING_TO_ALL),
]
CAMPAIGNS: list[Row] = [
    *CONTENT,
    *EVENTS,
    *SEGMENTS,
    *CALLED,
    Row("campaigns:list", get=LEAD_OR_JUDGE),
    Row("campaigns:new", get=only(*BOOK_KEEPERS, *HEADS), post=only(*BOOK_KEEPERS, *HEADS)),
    Row("campaigns:estimate", post=only(*BOOK_KEEPERS, *HEADS)),
    Row("campaigns:detail", CAMPAIGN, get=OF_CAMPAIGN),
    Row("campaigns:overview", CAMPAIGN, get=OF_CAMPAIGN),
    Row("campaigns:history", CAMPAIGN, get=OF_CAMPAIGN),
    Row("campaigns:approval", DRAFT, get=OF_CAMPAIGN),
    Row("campaigns:edit", DRAFT, get=DRAFT_OF_HEAD, post=DRAFT_OF_HEAD),
    Row("campaigns:step", {**CAMPAIGN, "step": "pause"}, post=OF_CAMPAIGN),
    Row("campaigns:results", CAMPAIGN, get=of_a(*BOOK_KEEPERS, *HEADS, Role.COMPLIANCE, also=CAMPAIGN_SEEN)),
    Row("campaigns:results_list", get=only(*AMOUNT_ROLES)),
    Row("campaigns:outreach", CAMPAIGN, get=of_a(*BOOK_KEEPERS, *HEADS, Role.COMPLIANCE, also=CAMPAIGN_SEEN)),
    Row(
        "campaigns:outreach_settle",
        {**CAMPAIGN, "what": "sent"},
        post=of_a(*BOOK_KEEPERS, *HEADS, Role.COMPLIANCE, also=CAMPAIGN_SEEN),
    ),
    Row(
        "campaigns:outreach_export",
        get=only(*BOOK_KEEPERS, *HEADS, Role.COMPLIANCE),
        post=only(*BOOK_KEEPERS, *HEADS, Role.COMPLIANCE),
    ),
    # Behind signed links and tokens; nobody signed these.
    Row("campaigns:opt_out", {"token": "nobody-signed-this"}, get=MISSING_TO_ALL, post=MISSING_TO_ALL),
    Row("campaigns:receipts", post=MISSING_TO_ALL),
]
CAMPAIGNS_API: list[Row] = [
    Row("campaigns-list", get=LEAD_OR_JUDGE, post=only(*BOOK_KEEPERS, *HEADS)),
    Row(
        "campaigns-outreach-list",
        {"campaign": record("campaign")},
        get=of_a(*BOOK_KEEPERS, *HEADS, Role.COMPLIANCE, also=CAMPAIGN_SEEN),
        post=of_a(*BOOK_KEEPERS, *HEADS, also=CAMPAIGN_SEEN),
    ),
]
