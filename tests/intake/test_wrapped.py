"""A task's mail comes back with its links wrapped so that no token can be seen (Mimecast, Symantec and their like)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kantor import Mail, Office, office

WRAPPED = "https://protect-eu.mimecast.com/s/AbCdEfGh?domain=aduan.kominfo.example"
STRANGER = "kenalan@luar.example"


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as one:
        yield one


def wrapped(mail: Mail, before: str) -> str:
    """The text of a mail as the guard of a mailbox passes it on; `before` stands before each line."""
    text = re.sub(r"https://aduan[.]kominfo[.]example/\S+", WRAPPED, mail.text)
    assert "kominfo.example/t/" not in text
    return "".join(f"{before}{line}\n" for line in text.splitlines())


@pytest.mark.parametrize("before", ["", "> "], ids=["forwarded", "quoted"])
def test_task_mail_without_a_thread_becomes_no_complaint_and_nobody_gets_a_receipt(
    kantor: Office, before: str
) -> None:
    kantor.to_clarification()
    task = kantor.newest("sekretaris", "PGD")
    text = f"Tolong dibantu ya.\n\n{wrapped(task, before)}"
    kantor.citizen_sends(f"Fwd: {task.subject}", text, sender=STRANGER)
    assert len(kantor.complaints()) == 1
    assert kantor.inbox(STRANGER) == []
    assert "tertahan" in kantor.newest("jfu-1").subject


def test_link_of_a_mail_that_somebody_else_answers_ends_and_its_holder_gets_another(
    kantor: Office,
) -> None:
    kantor.to_clarification()
    task = kantor.newest("sekretaris", "PGD")
    (url,) = kantor.links(task)
    text = f"Maaf, salah alamat.\n\n{wrapped(task, '> ')}"
    kantor.citizen_sends(f"Re: {task.subject}", text, sender=STRANGER, reply_to=task)
    assert kantor.page(url).status == 410
    fresh = kantor.newest("sekretaris")
    assert kantor.links(fresh) != [url]
    kantor.press(fresh.links[0], "laporkan_kepala", hasil="Benar.")


def opaque(text: str) -> str:
    """A guard put an address of its own in the place of each of ours."""
    return re.sub(
        r"https://aduan[.]kominfo[.]example/[^\s\"<]+", "https://gw.example/x/abc123", text
    )


def test_links_of_a_task_mail_that_is_passed_on_end_though_no_address_of_ours_is_left(
    kantor: Office,
) -> None:
    kantor.to_clarification()
    ways: list[Callable[[Mail], tuple[str, str]]] = [
        lambda mail: (f"[EXTERNAL] Fwd: {mail.subject}", opaque(mail.text)),
        lambda mail: (f"Fwd: {mail.subject}", "Klik: https://gw.example/x/abc123"),  # it was cut
        lambda mail: ("Fwd: tolong", f"Subject: {mail.subject}\n\nhttps://gw.example/x/abc123"),
        lambda mail: (f"Re: {mail.subject}", "Ini apa?"),
    ]
    for passed_on in ways:
        task = kantor.newest("sekretaris", "PGD")
        url = kantor.links(task)[0]
        assert kantor.page(url).status == 200
        subject, text = passed_on(task)
        kantor.citizen_sends(subject, text, sender=STRANGER)
        assert kantor.page(url).status == 410, subject
        assert kantor.newest("sekretaris", "PGD") != task, "the holder gets a link of their own"
    assert len(kantor.complaints()) == 1
    assert kantor.inbox(STRANGER) == []


def test_number_in_a_strangers_mail_ends_no_link(kantor: Office) -> None:
    complaint = kantor.to_clarification()
    (url,) = kantor.links(kantor.newest("sekretaris", "PGD"))
    text = f"Tetangga saya melapor dengan nomor {complaint.number}, tetapi lampu masih padam."
    kantor.citizen_sends(f"Laporan {complaint.number}", text, sender=STRANGER)
    assert kantor.page(url).status == 200
    assert len(kantor.complaints()) == 2


def test_a_mail_is_worth_one_fresh_link_however_often_it_is_passed_on(kantor: Office) -> None:
    """Whoever knows a number can guess its subject: that must not fill an official's mailbox, nor shut them out."""
    kantor.to_clarification()
    task = kantor.newest("sekretaris", "PGD")
    for _ in range(4):
        kantor.citizen_sends(f"Fwd: {task.subject}", "Ini apa?", sender=STRANGER)
    told = [mail for mail in kantor.inbox("sekretaris") if "kami ganti" in mail.subject]
    assert len(told) == 1
    (url,) = kantor.links(told[0])
    assert kantor.page(url).status == 200
    assert len(kantor.complaints()) == 1
