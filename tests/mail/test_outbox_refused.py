"""A refusal that is about the office ends no mail: the lane waits, the IT officer hears of it, then all go out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from pipeline.data import store
from pipeline.data.engine import writing
from pipeline.data.states import MailState
from pipeline.demo.mailserver import MailServer
from pipeline.mail import outbox
from pipeline.work import Work
from tests.kantor import INTAKE, SITI, Office, Post, embedded, office
from tests.servers import PASSWORD

TI = "ti@kominfo.example"


class Moody(MailServer):
    """Answers RCPT or the end of DATA with `said` while it holds something; a large mail with `said_large`."""

    def __init__(self) -> None:
        super().__init__({INTAKE: PASSWORD})
        self.said = self.said_rcpt = self.said_large = ""
        self.taken_first = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        return self.said_rcpt or await super().handle_RCPT(
            server, session, envelope, address, options
        )

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        size = next((int(one[5:]) for one in options if one.upper().startswith("SIZE=")), 0)
        if self.said_large and size > 200_000:
            return self.said_large
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.said and self.taken_first <= 0:
            return self.said
        self.taken_first -= 1
        return await super().handle_DATA(server, session, envelope)


@contextmanager
def moody() -> Iterator[tuple[Moody, Post]]:
    server = Moody()
    with embedded() as post, server:
        yield server, Post(post.imap, {**post.smtp, "port": server.smtp_port}, server)


def busy(kantor: Office, mails: int = 12) -> None:
    for n in range(mails):
        kantor.citizen_sends(f"Lampu {n}", "Padam.", sender=f"warga{n}@warga.example", settle=False)


def one_mail(kantor: Office, size: int = 10) -> int:
    """A mail with an attachment of so many bytes in the outbox, and nothing else; its id."""
    with writing(kantor.engine) as session:
        digest = store.put(session, b"x" * size)
        draft = outbox.Draft(
            "uji",
            SITI,
            "Siti",
            "Surat",
            "Terlampir.",
            "<p>Terlampir.</p>",
            attachments=((digest, "a.bin", "application/octet-stream"),),
        )
        row = outbox.put(Work(session, kantor.settings, kantor.clock.now), draft)
        session.flush()
        return row.id


def states(kantor: Office) -> dict[str, int]:
    rows = kantor.outbox()
    return {state: sum(row.state == state for row in rows) for state in {row.state for row in rows}}


@pytest.mark.parametrize(
    "said",
    [
        "550 5.4.5 Daily user sending limit exceeded",
        "554 5.7.1 Message refused",
        "450 4.7.1 please come back later",
    ],
)
def test_a_quota_at_data_ends_no_mail_and_all_go_out_when_it_is_over(
    said: str, tmp_path: Path
) -> None:
    with moody() as (server, post), office(tmp_path, post=post) as kantor:
        server.said = said
        busy(kantor)
        for _ in range(5):
            assert kantor.tick()["gagal_send"] == 1
            kantor.later(minutes=5)
        assert said in kantor.lanes()["send"]
        assert set(states(kantor)) == {"due"}
        assert {row.attempts for row in kantor.outbox()} == {0}
        assert kantor.outbox("terpental") == [], "nobody is told that anybody's address is bad"
        server.said = ""
        kantor.later(minutes=5)
        kantor.settle()
        assert set(states(kantor)) == {"sent"}
        assert len([m for m in post.sent if "Tanda terima" in m.subject]) == 12
        (told,) = [m for m in kantor.inbox(TI) if "menolak email kantor" in m.subject]
        assert said in told.words


def test_a_quota_that_ends_in_the_middle_costs_no_mail(tmp_path: Path) -> None:
    with moody() as (server, post), office(tmp_path, post=post) as kantor:
        server.said, server.taken_first = "552 Too much for today, come back tomorrow", 5
        busy(kantor)
        kantor.tick()
        assert states(kantor).get("dead", 0) == 0
        assert states(kantor)["sent"] == 5
        server.said = ""
        kantor.later(minutes=5)
        kantor.settle()
        assert set(states(kantor)) == {"sent"}


def test_relaying_denied_at_rcpt_ends_no_mail(tmp_path: Path) -> None:
    with moody() as (server, post), office(tmp_path, post=post) as kantor:
        server.said_rcpt = "550 5.7.1 Relaying denied"
        busy(kantor, 3)
        assert kantor.tick()["gagal_send"] == 1
        assert set(states(kantor)) == {"due"}


def test_one_mail_that_is_refused_between_others_is_its_own(tmp_path: Path) -> None:
    with moody() as (server, post), office(tmp_path, post=post) as kantor:
        kantor.settle()
        server.said = "554 5.7.1 looks like spam"
        one_mail(kantor)
        kantor.tick()
        assert kantor.lanes() == {}
        assert {row.state for row in kantor.outbox("uji")} == {"dead"}


def test_three_equal_refusals_one_a_day_between_which_others_pass_are_the_mails_own(
    tmp_path: Path,
) -> None:
    with moody() as (server, post), office(tmp_path, post=post) as kantor:
        for n in range(4):
            kantor.settle()
            server.said = "554 5.7.1 looks like spam"
            one_mail(kantor)
            kantor.tick()
            server.said = ""
            kantor.citizen_sends(f"Baik {n}", sender=f"b{n}@warga.example")
        assert kantor.lanes() == {}


def test_refusals_that_come_one_at_a_time_are_known_as_a_run(tmp_path: Path) -> None:
    """Each mail is alone in the queue; from the third on none dies."""
    with (
        moody() as (server, post),
        office(tmp_path, post=post, pengingat={"ringkasan_pagi": False}) as kantor,
    ):
        kantor.settle()
        server.said = "554 Transaction failed"
        for _ in range(6):
            one_mail(kantor)
            kantor.tick()
            kantor.later(minutes=2)
        assert [row.state for row in kantor.outbox("uji")].count(MailState.DEAD) == 2
        assert "Transaction failed" in kantor.lanes()["send"]


def test_a_large_mail_for_which_there_is_no_room_counts_against_itself_when_others_pass(
    tmp_path: Path,
) -> None:
    with moody() as (server, post), office(tmp_path, post=post) as kantor:
        server.said_large = "452 4.3.1 Insufficient system storage"
        one_mail(kantor, 500_000)
        for n in range(11):
            kantor.citizen_sends(f"Lampu {n}", sender=f"w{n}@warga.example", settle=False)
            kantor.tick()
            kantor.later(hours=25)
        assert [row.state for row in kantor.outbox("uji")] == ["dead"]
        assert {row.state for row in kantor.outbox("tanda_terima")} == {"sent"}


def test_a_large_mail_that_waits_alone_is_not_given_up_for_the_servers_lack_of_room(
    tmp_path: Path,
) -> None:
    with moody() as (server, post), office(tmp_path, post=post) as kantor:
        kantor.settle()
        server.said_large = "452 4.3.1 Insufficient system storage"
        one_mail(kantor, 500_000)
        for _ in range(5):
            assert kantor.tick()["gagal_send"] == 1
            kantor.later(minutes=2)
        (row,) = kantor.outbox("uji")
        assert (row.state, row.attempts) == ("due", 0)


def test_a_code_goes_before_all_that_waits(tmp_path: Path) -> None:
    with moody() as (server, post), office(tmp_path, post=post) as kantor:
        kantor.citizen_sends()
        busy(kantor, 8)
        server.said_rcpt = "451 4.3.0 busy"
        kantor.tick()
        page = kantor.page(kantor.link("jfu-1", "laporkan"))
        kantor.web.post(page.url, data=page.forms["laporkan"].filled({"ringkasan": "Lampu padam."}))
        server.said_rcpt = ""
        before = len(post.sent)
        kantor.later(minutes=5)
        kantor.tick()
        assert post.sent[before].subject.startswith("Kode")


def test_results_are_taken_while_the_queue_is_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A letter that was taken closes its case although hundreds of mails wait behind it."""
    monkeypatch.setattr(outbox, "BATCH", 3)
    with moody() as (server, post), office(tmp_path, post=post) as kantor:
        kantor.to_delivery()
        kantor.press("jfu-1", "kirim_email", settle=False)
        letter = kantor.complaint().number
        busy(kantor, 6)
        stages = []
        handle = server.handle_DATA

        async def spy(smtp: SMTP, session: Session, envelope: Envelope) -> str:
            stages.append(str(kantor.stage(letter)))
            return await handle(smtp, session, envelope)

        monkeypatch.setattr(server, "handle_DATA", spy)
        kantor.tick()
        assert "selesai" in stages
        subjects = [
            str(message_from_bytes(m.raw, policy=policy.default)["Subject"]) for m in post.sent
        ]
        assert len(subjects) > 6
