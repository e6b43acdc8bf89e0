import threading
import time
from datetime import timedelta

import pytest
from celery import shared_task
from django.db import connection, transaction

from core import jobs
from core.clock import now
from core.errors import DomainError
from core.models import Job, JobChunk
from core.trail import NIGHT
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db(transaction=True)


def make_job(name="tests.work", key="1", **fields):
    return jobs.enqueue(name=name, key=key, actor=NIGHT, at=NOW, publish=False, **fields)


def boom(job, progress):
    raise RuntimeError("disk full")


class Refusal(DomainError):
    message = "not today"


def refuse(job, progress):
    raise Refusal()


def in_thread(work):
    """Run `work` beside the test, on a connection of its own."""
    answers = []

    def run():
        try:
            answers.append(work())
        except Exception as error:
            answers.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, answers


def test_a_job_is_made_once_per_key():
    first = make_job(args={"n": 1}, business_day=TODAY)
    second = make_job(args={"n": 2})
    assert first.pk == second.pk
    assert (second.args, second.business_day, second.state) == ({"n": 1}, TODAY, "waiting")


def test_execute_keeps_outcome_and_counts():
    job = jobs.execute(make_job().pk, lambda job, progress: progress.report(3, 4) or {"rows": 7})
    job.refresh_from_db()
    assert (job.state, job.counts, job.attempts, job.done_count, job.total_count) == ("done", {"rows": 7}, 1, 3, 4)
    assert job.seconds >= 0


def test_a_finished_job_does_not_run_again():
    job = make_job()
    jobs.execute(job.pk, lambda job, progress: {"run": 1})
    assert jobs.execute(job.pk, lambda job, progress: {"run": 2}).counts == {"run": 1}


def test_a_refusal_is_final_and_says_why():
    job = jobs.execute(make_job().pk, refuse)
    assert (job.state, job.error, job.attempts) == ("refused", "not today", 1)


def test_a_failure_is_tried_three_times_then_parked():
    job = make_job()
    states = [jobs.execute(job.pk, boom).state for _ in range(4)]
    assert states == ["waiting", "waiting", "parked", "parked"]
    job.refresh_from_db()
    assert (job.attempts, job.error) == (3, "RuntimeError: disk full")


def test_a_failed_attempt_waits_longer_each_time():
    job = make_job()
    first = jobs.execute(job.pk, boom)
    assert first.due_at - first.finished_at == jobs.RETRY_AFTER
    second = jobs.execute(job.pk, boom)
    assert second.due_at - second.finished_at == 2 * jobs.RETRY_AFTER


def test_a_job_whose_worker_died_three_times_is_parked():
    job = make_job()
    Job.objects.filter(pk=job.pk).update(state="running", attempts=3)
    parked = jobs.execute(job.pk, lambda job, progress: {"rows": 1})
    assert (parked.state, parked.counts) == ("parked", {})
    assert "died" in parked.error


def test_a_parked_job_runs_after_it_is_asked_for_again():
    job = make_job()
    for _ in range(3):
        jobs.execute(job.pk, boom)
    again = make_job()
    assert (again.pk, again.state, again.attempts) == (job.pk, "waiting", 0)
    assert jobs.execute(job.pk, lambda job, progress: {}).state == "done"


def test_two_workers_never_run_one_job_at_once():
    job = make_job()
    entered, leave = threading.Event(), threading.Event()

    def slow(job, progress):
        entered.set()
        leave.wait(10)
        return {}

    thread, answers = in_thread(lambda: jobs.execute(job.pk, slow))
    assert entered.wait(10)
    with pytest.raises(jobs.JobBusy):
        jobs.execute(job.pk, lambda job, progress: {})
    leave.set()
    thread.join()
    assert answers[0].state == "done"


def test_a_killed_workers_job_is_free_at_once():
    job = make_job()

    def die(job, progress):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pids.append(cursor.fetchone()[0])
        entered.set()
        time.sleep(60)

    pids, entered = [], threading.Event()

    def run():
        try:
            jobs.execute(job.pk, die)
        except Exception:
            connection.close()

    threading.Thread(target=run, daemon=True).start()
    assert entered.wait(10)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", pids)
    time.sleep(0.2)
    done = jobs.execute(job.pk, lambda job, progress: {"rows": 1})
    assert (done.state, done.attempts) == ("done", 2)


def test_chunks_are_done_once_by_several_workers():
    job = make_job()
    jobs.plan_chunks(job, low=1, high=95, size=10)
    jobs.plan_chunks(job, low=1, high=95, size=10)
    lock, seen = threading.Lock(), []

    def work(chunk):
        with lock:
            seen.append(chunk.low)
        return {"ids": chunk.high - chunk.low + 1}

    helpers = [in_thread(lambda: jobs.work_chunks(job.pk, work, until_all_done=False)) for _ in range(3)]
    own = jobs.work_chunks(job.pk, work, until_all_done=True)
    for thread, _answers in helpers:
        thread.join()
    assert own + sum(answers[0] for _thread, answers in helpers) == 10
    assert sorted(seen) == list(range(1, 96, 10))
    assert sum(chunk.counts["ids"] for chunk in job.chunks.all()) == 95
    job.refresh_from_db()
    assert (job.done_count, job.total_count) == (10, 10)


def test_a_chunk_that_failed_stays_open():
    job = make_job()
    jobs.plan_chunks(job, low=1, high=20, size=10)
    with pytest.raises(RuntimeError):
        jobs.work_chunks(job.pk, lambda chunk: boom(job, None), until_all_done=True)
    assert not JobChunk.objects.filter(is_done=True).exists()
    assert jobs.work_chunks(job.pk, lambda chunk: {}, until_all_done=True) == 2


def test_reopen_arms_finished_jobs_of_later_days_only():
    for day in range(3):
        job = make_job(name="night.retier", key=str(day), business_day=TODAY + timedelta(days=day))
        jobs.execute(job.pk, lambda job, progress: {})
    assert jobs.reopen(prefix="night.", since=TODAY + timedelta(days=1), at=NOW) == 2
    assert list(Job.objects.order_by("key").values_list("state", flat=True)) == ["done", "waiting", "waiting"]


def test_wait_gives_up_when_nothing_moves():
    with pytest.raises(TimeoutError):
        jobs.wait(make_job(), seconds=0.3, poll=0.05)


@shared_task(name="tests.work")
def work(job_id):
    jobs.execute(job_id, lambda job, progress: {"rows": job.args.get("rows", 0)})


def test_a_committed_job_reaches_a_worker(broker, worker):
    with worker():
        with transaction.atomic():
            job = jobs.enqueue(name="tests.work", key="1", actor=NIGHT, at=now(), args={"rows": 5})
        assert jobs.wait(job, seconds=10).counts == {"rows": 5}
    assert job.published_at is not None


def test_a_job_of_a_rolled_back_transaction_is_never_published(broker):
    with transaction.atomic():
        jobs.enqueue(name="tests.work", key="1", actor=NIGHT, at=now())
        transaction.set_rollback(True)
    assert broker.waiting() == 0
    assert not Job.objects.exists()


def test_the_sweeper_brings_back_what_a_flushed_broker_lost(broker, worker):
    made = [jobs.enqueue(name="tests.work", key=str(n), actor=NIGHT, at=now()) for n in range(20)]
    assert broker.waiting() == 20
    broker.flush()
    assert jobs.sweep(at=now()) == 0  # they may still be on their way
    assert jobs.sweep(at=now() + jobs.REPUBLISH_AFTER + timedelta(seconds=1)) == 20
    with worker():
        assert [jobs.wait(job, seconds=20).state for job in made] == ["done"] * 20
    assert [job.attempts for job in made] == [1] * 20


def test_the_sweeper_leaves_running_and_future_jobs_alone(broker):
    later = make_job(key="later")
    Job.objects.filter(pk=later.pk).update(due_at=now() + timedelta(minutes=5))
    job = make_job(key="running")
    entered, leave = threading.Event(), threading.Event()

    def slow(job, progress):
        entered.set()
        leave.wait(10)
        return {}

    thread, _answers = in_thread(lambda: jobs.execute(job.pk, slow))
    assert entered.wait(10)
    assert jobs.sweep(at=now()) == 0
    leave.set()
    thread.join()


def test_a_broker_that_is_away_fails_nobody(broker_away):
    job = jobs.enqueue(name="tests.work", key="1", actor=NIGHT, at=now())
    job.refresh_from_db()
    assert (job.state, job.published_at) == ("waiting", None)


def test_messages_delivered_twice_run_once(broker, worker):
    job = jobs.enqueue(name="tests.work", key="1", actor=NIGHT, at=now())
    for _ in range(3):
        jobs.publish_job(job, at=now())
    with worker():
        jobs.wait(job, seconds=10)
        broker.drained()
    job.refresh_from_db()
    assert job.attempts == 1
