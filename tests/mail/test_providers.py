"""From an address to the hosts of its provider; DNS is a small server of the test's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from functools import partial

import dns.message
import dns.resolver
import dns.rrset
import pytest

from pipeline.mail.providers import Ask, Place, ask_dns, look_up

ZONE = {
    ("kantor.example.", "MX"): "1 aspmx.l.google.com.",
    ("dinas.example.", "MX"): "0 dinas-example.mail.protection.outlook.com.",
    ("kota.example.", "MX"): "10 mx1.hostinger.com.",
    ("palsu.example.", "MX"): "10 bukan-google.com.",
    ("sendiri.example.", "MX"): "10 mx.sendiri.example.",
    ("_imaps._tcp.sendiri.example.", "SRV"): "0 1 993 Surat.Sendiri.example.",
    ("_submissions._tcp.sendiri.example.", "SRV"): "0 0 0 .",
    ("_submission._tcp.sendiri.example.", "SRV"): "0 1 587 kirim.sendiri.example.",
}


@pytest.fixture
def ask() -> Iterator[Ask]:
    """A resolver that asks a DNS server on loopback with this zone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                wire, peer = ear.recvfrom(4096)
                if not wire:
                    return
                question = dns.message.from_wire(wire)
                [asked] = question.question
                answer = dns.message.make_response(question)
                kind = dns.rdatatype.to_text(asked.rdtype)
                said = ZONE.get((asked.name.to_text(), kind))
                answer.answer = (
                    [dns.rrset.from_text(asked.name, 60, "IN", kind, said)] if said else []
                )
                ear.sendto(answer.to_wire(), peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], ear.getsockname()[1]
        yield partial(ask_dns, resolver=resolver)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ear.getsockname())
        thread.join()


@pytest.mark.parametrize(
    ("address", "imap", "smtp", "oauth"),
    [
        ("dinas@gmail.com", "imap.gmail.com:993", "smtp.gmail.com:587", "google"),
        ("aduan@kantor.example", "imap.gmail.com:993", "smtp.gmail.com:587", "google"),
        ("aduan@Dinas.example", "outlook.office365.com:993", "smtp.office365.com:587", "microsoft"),
        ("aduan@kota.example", "imap.hostinger.com:993", "smtp.hostinger.com:465", ""),
        ("aduan@sendiri.example", "surat.sendiri.example:993", "kirim.sendiri.example:587", ""),
        ("aduan@palsu.example", "mail.palsu.example:993", "mail.palsu.example:465", ""),
    ],
)
def test_the_hosts_of_a_mailbox_are_found(
    ask: Ask, address: str, imap: str, smtp: str, oauth: str
) -> None:
    found = look_up(address, ask)
    assert f"{found.imap.host}:{found.imap.port}" == imap
    assert f"{found.smtp.host}:{found.smtp.port}" == smtp
    assert found.oauth == oauth
    assert found.guessed == (found.imap.host == "mail.palsu.example")


def test_a_resolver_that_does_not_answer_is_a_guess(ask: Ask) -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], 1
    found = look_up("aduan@kota.example", partial(ask_dns, resolver=resolver))
    assert found.guessed
    assert found.smtp == Place("mail.kota.example", 465, "tls")
