"""Outflow warnings on a bank whose leavers are known (K09, B4): the product's own trial of its rules on the past.

Customers come from UCI's Bank Marketing with the lives `lives` makes around their real balances; units, people, names
and numbers are made, too. Everybody has one demand account, so that nothing matures, and nobody complains: of those two
signs this says nothing. A loss is the product's: the 30-day average halved within 60 days. Losses are also people who
pay a large bill and are back later, as a real ledger would not tell them apart.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from core import jobs
from core.clock import now
from customers.enums import FeedKind
from customers.services import history
from depositcrm.demo.world import person_name, resident_id
from insights.queries.outflow import rules_on
from insights.rules.outflow_quality import Outcome, Share, Trial, read_trial
from insights.services.outflow_trial import try_past
from tests.bench import lives, world
from tests.bench.feeds import BENCH, Say, import_lines
from tests.bench.lives import Person
from tests.bench.measuring import Figure
from tiers.services import retier

END = date(2026, 11, 20)  # always the same one: what is a salary hangs on days of the month
FIRST = END - timedelta(days=lives.DAYS - 1)
BRANCHES = 6
QUARTER = 90


def measure_outflow(path: Path, most: int, seed: int, folder: Path, say: Say) -> list[Figure]:
    """Precision, recall and lead days of the rules in force, over all and by sign, in an empty database."""
    found = lives.people(path, most, seed)
    fates = Counter(person.fate for person in found)
    say(f"warnings: {len(found):,} customers: {', '.join(f'{fate} {count:,}' for fate, count in fates.most_common())}")
    load(found, seed, folder)
    say("warnings: tiers")
    for ago in range(lives.DAYS // QUARTER * QUARTER, -1, -QUARTER):
        _retier(END - timedelta(days=ago))
    say("warnings: the rules tried on the past")
    made = try_past(actor=BENCH, at=now())
    say(f"warnings: {made.first} to {made.last} in {made.seconds} s")
    least = rules_on(END).figures["least"]
    leaving = sum(person.leaves and person.balance >= least for person in found)
    return list(_figures(read_trial(made.results), f"{leaving:,} leave with {least:,} yuan or more"))


def load(found: Sequence[Person], seed: int, folder: Path) -> None:
    """Units, people, customers and accounts through the feed engine, then 300 days of balances."""
    size = world.Size(len(found), BRANCHES, seed, END)
    for kind, lines in (
        (FeedKind.BRANCHES, world.units(size)),
        (FeedKind.STAFF, world.people(size)),
        (FeedKind.PRODUCTS, world.products()),
        (FeedKind.CUSTOMERS, _customers(found, size)),
        (FeedKind.ACCOUNTS, _accounts(found)),
    ):
        import_lines(kind, lines, END, folder)
    history.load_history(changes=_changes(found, seed), first=FIRST, last=END)


def _customers(found: Iterable[Person], size: world.Size) -> Iterator[str]:
    rng = size.rng("people of the file")
    yield "customer_no,name,kind,id_type,id_no,phone,sex,birth_date,occupation,branch_code,manager_no,opened_on\n"
    for person in found:
        born = END - timedelta(days=person.age * 366 + rng.randrange(365))
        male, unit = rng.random() < 0.5, world.unit(rng.randrange(BRANCHES))
        opened_on = FIRST - timedelta(days=rng.randrange(3_650))
        yield (
            f"{world.customer_no(person.number)},{person_name(rng)},个人,居民身份证,{resident_id(rng, born, male)},"
            f"199{rng.randrange(10**8):08d},{'男' if male else '女'},{born},{person.job},{unit},"
            f"{unit}M{rng.randrange(world.MANAGERS)},{opened_on}\n"
        )


def _accounts(found: Iterable[Person]) -> Iterator[str]:
    yield "account_no,customer_no,product_code,currency,opened_on,status\n"
    for person in found:
        number = world.account_no(person.number)
        yield f"{number},{world.customer_no(person.number)},DEMAND,CNY,{FIRST},open\n"


def _changes(found: Iterable[Person], seed: int) -> Iterator[tuple[str, date, Decimal]]:
    for person in found:
        number = world.account_no(person.number)
        yield from ((number, day, total) for day, total in lives.changes(person, FIRST, seed))


def _retier(day: date) -> None:
    job = jobs.enqueue(name="tiers.retier", key=day.isoformat(), business_day=day, actor=BENCH, at=now(), publish=False)
    done = jobs.execute(
        job.pk, lambda _job, progress: retier(business_day=day, actor=BENCH, at=now(), progress=progress)
    )
    if done.state != "done":
        raise RuntimeError(f"{done}: {done.state} {done.error}")


def _figures(trial: Trial, leaving: str) -> Iterator[Figure]:
    """Three figures over all, then the precision of each sign."""
    every = trial.overall
    told = f"{every.raised:,} warnings; {leaving}"
    yield Figure("warnings, right", "%", _percent(every.right), note=f"{_counted(every.right)}; {told}")
    yield Figure("warnings, losses warned of before", "%", _percent(every.caught), note=_counted(every.caught))
    yield Figure("warnings, days between warning and loss", "days", every.lead or 0, note="median")
    for code, one in trial.by_signal.items():
        yield Figure(f"warnings with the sign {code}, right", "%", _percent(one.right), note=_told(one))


def _told(one: Outcome) -> str:
    lead = "" if one.lead is None else f", {one.lead} days before"
    return f"{_counted(one.right)}; {one.raised:,} warnings; losses warned of: {_counted(one.caught)}{lead}"


def _percent(share: Share) -> float:
    return 100 * share.hits / share.of if share.of else 0


def _counted(share: Share) -> str:
    return f"{share.hits:,} of {share.of:,}"
