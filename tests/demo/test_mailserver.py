"""The embedded mail host keeps what it is given, delivers what is sent, and refuses what it should."""

from __future__ import annotations

import select
import smtplib
import socket
import threading
from collections.abc import Iterator

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from pipeline.demo.mailserver import MailServer

INTAKE, CLERK = "intake@pengaduan.example", "jfu@pengaduan.example"
PASSWORDS = {INTAKE: "rahasia", CLERK: "terjaga"}
MAIL = (
    b"From: Warga <warga@example.org>\r\nSubject: Lampu CCTV padam\r\n\r\n.Titik di awal baris\r\n"
)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer(PASSWORDS) as running:
        yield running


@pytest.fixture
def client(server: MailServer) -> Iterator[IMAPClient]:
    with _connect(server) as connection:
        connection.login(INTAKE, PASSWORDS[INTAKE])
        connection.select_folder("INBOX")
        yield connection


def _connect(server: MailServer) -> IMAPClient:
    connection = IMAPClient(server.host, server.imap_port, ssl=False, timeout=20)
    connection.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _bodies(client: IMAPClient, folder: str = "INBOX") -> list[bytes]:
    client.select_folder(folder)
    found = client.fetch(client.search("ALL"), ["BODY.PEEK[]"])
    return [found[uid][b"BODY[]"] for uid in sorted(found)]


def _awkward_mail(number: int) -> bytes:
    """A mail with 8-bit bytes, bare dots, long lines and, in every third, no line end at its end."""
    body = bytes(range(14, 256)) * (number % 5) + b"\r\n.\r\n..\r\n" + b"x" * (number * 97)
    return (
        b"Subject: =?utf-8?q?Aduan_%d?=\r\n\r\n" % number + body + (b"" if number % 3 else b"\r\n")
    )


def test_fifty_mails_come_back_byte_for_byte(server: MailServer, client: IMAPClient) -> None:
    mails = [_awkward_mail(number) for number in range(50)]
    for number, raw in enumerate(mails):
        if number % 2:
            server.deliver(INTAKE, raw)
        else:
            client.append("INBOX", raw)
    assert _bodies(client) == mails


def test_a_moved_mail_is_in_the_new_folder_only(server: MailServer, client: IMAPClient) -> None:
    server.deliver(INTAKE, MAIL)
    client.create_folder("Selesai")
    client.noop()
    client.move(client.search("ALL"), "Selesai")
    assert (_bodies(client), _bodies(client, "Selesai")) == ([], [MAIL])


def test_folders_can_be_created_inside_folders(client: IMAPClient) -> None:
    client.create_folder("Aduan")
    client.create_folder("Aduan/Tertahan")
    assert {name for _, _, name in client.list_folders()} == {"INBOX", "Aduan", "Aduan/Tertahan"}


def test_a_mail_can_be_delivered_into_a_folder(server: MailServer, client: IMAPClient) -> None:
    client.create_folder("Pindai")
    server.deliver(INTAKE, MAIL, folder="Pindai")
    assert _bodies(client, "Pindai") == [MAIL]


def test_delivery_into_a_folder_that_does_not_exist_is_refused(server: MailServer) -> None:
    with pytest.raises(KeyError):
        server.deliver(INTAKE, MAIL, folder="Tiada")


@pytest.mark.parametrize(
    ("user", "password"), [(INTAKE, "terjaga"), ("lain@pengaduan.example", "rahasia")]
)
def test_a_login_with_the_wrong_name_or_password_is_refused(
    server: MailServer, user: str, password: str
) -> None:
    with _connect(server) as connection, pytest.raises(LoginError):
        connection.login(user, password)


def test_mail_for_a_user_arrives_and_the_rest_goes_out(
    server: MailServer, client: IMAPClient
) -> None:
    """An address names the same user in whatever case it is written."""
    with smtplib.SMTP(server.host, server.smtp_port) as smtp:
        smtp.sendmail("warga@example.org", [INTAKE.title(), "tetangga@example.net"], MAIL)
    assert _bodies(client) == [MAIL]
    assert server.outgoing == [("warga@example.org", "tetangga@example.net", MAIL)]


def test_a_null_sender_is_kept_as_such(server: MailServer) -> None:
    with smtplib.SMTP(server.host, server.smtp_port) as smtp:
        smtp.sendmail("", ["warga@example.org"], MAIL)
    assert [sent.mail_from for sent in server.outgoing] == [""]


def test_rejected_and_deferred_addresses_get_their_codes(server: MailServer) -> None:
    server.reject.add("tiada@example.org")
    server.defer.add("penuh@example.org")
    with smtplib.SMTP(server.host, server.smtp_port) as smtp:
        refused = smtp.sendmail(
            CLERK, ["Tiada@example.org", "penuh@example.org", "ada@example.org"], MAIL
        )
    assert {address: code for address, (code, _) in refused.items()} == {
        "Tiada@example.org": 550,
        "penuh@example.org": 451,
    }
    assert [sent.rcpt for sent in server.outgoing] == ["ada@example.org"]


def test_an_address_that_recovers_gets_its_mail(server: MailServer) -> None:
    server.defer.add("penuh@example.org")
    with smtplib.SMTP(server.host, server.smtp_port) as smtp:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            smtp.sendmail(CLERK, "penuh@example.org", MAIL)
        server.defer.clear()
        smtp.sendmail(CLERK, "penuh@example.org", MAIL)
    assert [sent.raw for sent in server.outgoing] == [MAIL]


def test_an_idle_client_hears_of_new_mail(server: MailServer, client: IMAPClient) -> None:
    """Waited for with select: `idle_check` stumbles where a line comes in two pieces."""
    client.idle()
    server.deliver(INTAKE, MAIL)
    heard, _, _ = select.select([client.socket()], [], [], 10)
    _, updates = client.idle_done()
    assert heard
    assert (1, b"EXISTS") in updates


def test_many_threads_may_deliver_at_once(server: MailServer, client: IMAPClient) -> None:
    def deliver_ten() -> None:
        for _ in range(10):
            server.deliver(INTAKE, MAIL)

    threads = [threading.Thread(target=deliver_ten) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.noop()
    assert len(client.search("ALL")) == 50


def test_stopping_frees_the_ports_and_the_thread_though_a_client_is_connected() -> None:
    before = threading.active_count()
    with MailServer(PASSWORDS) as first:
        client = _connect(first)
        client.login(INTAKE, PASSWORDS[INTAKE])
        client.select_folder("INBOX")
        client.idle()
    assert threading.active_count() == before
    with MailServer(PASSWORDS, imap_port=first.imap_port, smtp_port=first.smtp_port) as second:
        assert (second.imap_port, second.smtp_port) == (first.imap_port, first.smtp_port)


def test_a_taken_port_is_reported_where_the_server_is_started(server: MailServer) -> None:
    with pytest.raises(OSError, match="in use"), MailServer(PASSWORDS, smtp_port=server.smtp_port):
        pytest.fail("two servers on one port")
