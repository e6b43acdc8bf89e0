"""What tests of sending share: a bank with a running campaign, a provider with a memory, a mail server."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from campaigns.models import Outreach
from campaigns.services import sending
from customers.models import Consent, Customer, CustomerPosition
from tests import factories as make
from tests.factories import NOW

PHONE = "13800138000"


class Bank:
    """A branch with a running campaign of text messages to nobody yet."""

    def __init__(self, **fields: Any) -> None:
        self.top = make.make_head_office(name="示范银行")
        self.branch = make.make_branch(parent=self.top)
        self.head = make.make_user(role="branch_head", branch=self.branch)
        self.hq = make.make_user(role="head_office", branch=self.top)
        values = {"state": "running", "approved_by": self.hq, "holdout": 0, **fields}
        self.campaign = make.make_campaign(branch=self.branch, created_by=self.head, **values)

    def customer(self, *, consent: str = "given", phone: str = PHONE, **fields: Any) -> Customer:
        customer = make.make_customer(branch=self.branch, phone=phone, **fields)
        if consent:
            make.make_consent(customer=customer, channel=self.campaign.channel, decision=consent)
        return customer

    def queued(self, count: int = 1, **fields: Any) -> list[Outreach]:
        """So many customers who agreed, with a contact that waits."""
        return [make.make_outreach(self.campaign, self.customer(**fields)) for _n in range(count)]

    def queued_quickly(self, count: int) -> list[Outreach]:
        """The same in four statements: of each customer only what sending reads."""
        first = self.customer()
        fields = {"branch": self.branch, "name": "客户", "created_at": NOW, "updated_at": NOW}
        people = Customer.everything.bulk_create(
            Customer(customer_no=f"{first.customer_no}-{n}", **fields) for n in range(count)
        )
        for person in people:
            sealed = make._sealed(person.customer_no, PHONE, "")
            person.phone_cipher = sealed["phone_cipher"]
        Customer.everything.bulk_update(people, ["phone_cipher"])
        CustomerPosition.everything.bulk_create(
            CustomerPosition(customer=person, branch=self.branch, tier=1) for person in people
        )
        wording = make.first_wordings()["marketing"]
        said = {"purpose": "marketing", "channel": self.campaign.channel, "decision": "given", "wording": wording}
        at = NOW - timedelta(days=1)
        Consent.everything.bulk_create(
            Consent(customer=person, proof="signed_form", proof_ref="F", stated_at=at, recorded_at=at, **said)
            for person in people
        )
        return Outreach.everything.bulk_create(
            Outreach(campaign=self.campaign, customer=person, channel=self.campaign.channel, created_at=NOW)
            for person in people
        )

    def send(self, at: Any = NOW) -> Counter[str]:
        """What one run of the worker comes to."""
        return Counter(sending.run(channel=self.campaign.channel, clock=lambda: at))

    def states(self) -> Counter[tuple[str, str]]:
        return Counter(Outreach.everything.filter(campaign=self.campaign).values_list("state", "reason"))


class Provider(ThreadingHTTPServer):
    """A provider that takes each key once. `answers` are statuses for the next messages (0 = taken, then the line
    breaks); `delivered` is what left it, by key."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.taken: dict[str, dict[str, str]] = {}
        self.delivered: Counter[str] = Counter()
        self.before: Any = None

    @property
    def settings(self) -> dict[str, dict[str, str]]:
        return {"sms": {"url": f"http://127.0.0.1:{self.server_port}/v1", "key": "secret"}}


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.before:
            self.server.before(body)
        status = self.server.answers.pop(0) if self.server.answers else 202
        assert self.headers["Authorization"] == "Bearer secret"
        assert self.headers["Idempotency-Key"] == body["key"]
        if status in (0, 202) and body["key"] not in self.server.taken:
            self.server.taken[body["key"]] = body
            self.server.delivered[body["key"]] += 1
        if status == 0:
            self.connection.close()
            return
        self._answer(status, {"id": f"P-{body['key']}"})

    def do_GET(self) -> None:
        key = self.path.rpartition("/")[2]
        self._answer(200 if key in self.server.taken else 404, {"id": f"P-{key}", "state": "accepted"})

    def _answer(self, status: int, body: dict[str, str]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def provider(settings: Any) -> Iterator[Provider]:
    """The product sends text messages by this provider."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.MESSAGE_GATEWAYS = {"sms": "http", "wecom": "", "email": "mail"}
    settings.MESSAGE_PROVIDERS = server.settings
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class MailServer:
    """A mail server in a thread: keeps what it takes; `refuse` are replies to RCPT, `hang_up` breaks off after DATA."""

    def __init__(self) -> None:
        self.letters: list[str] = []
        self.refuse: list[str] = []
        self.hang_up = False
        self.port = 0

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        while line := (await reader.readline()).decode().upper():
            if line.startswith("DATA"):
                writer.write(b"354 go on\r\n")
                self.letters.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                if self.hang_up:
                    break
                writer.write(b"250 taken\r\n")
            elif line.startswith("RCPT") and self.refuse:
                writer.write(f"{self.refuse.pop(0)}\r\n".encode())
            elif line.startswith("QUIT"):
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
        await writer.drain()
        writer.close()


@contextmanager
def mail_server(settings: Any) -> Iterator[MailServer]:
    """The product writes letters over a real SMTP line to this server."""
    server, loop = MailServer(), asyncio.new_event_loop()
    listening = loop.run_until_complete(asyncio.start_server(server._talk, "127.0.0.1", 0))
    server.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", server.port, False
    settings.MESSAGE_GATEWAYS = {"sms": "console", "wecom": "", "email": "mail"}
    try:
        yield server
    finally:
        listening_closed = asyncio.run_coroutine_threadsafe(_closed(listening), loop)
        listening_closed.result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _closed(listening: asyncio.Server) -> None:
    listening.close()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
