"""Where a mailbox is read and sends: from its address to the hosts of its provider.

Known providers by their domain or by who takes the domain's mail (MX); others by what the domain itself publishes (SRV,
RFC 6186); else by the habit of hosting with cPanel, mail.DOMAIN. Hides DNS. A guess is a guess: whoever asks tries it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import dns.exception
import dns.rdatatype
import dns.resolver

from pipeline.office.config import Security

PATIENCE = 5.0  # seconds for each question
TLS_SENDING = 465


@dataclass(frozen=True)
class Place:
    """A server and how it is spoken to."""

    host: str
    port: int
    security: Security


@dataclass(frozen=True)
class MailHosts:
    """Where a mailbox is read and sends. `oauth`: whose consent it needs instead of a password, else "". `guessed`:
    nobody said so."""

    imap: Place
    smtp: Place
    oauth: str = ""
    guessed: bool = False


def _of(imap: str, smtp: str, sending: int = TLS_SENDING, oauth: str = "") -> MailHosts:
    security: Security = "tls" if sending == TLS_SENDING else "starttls"
    return MailHosts(Place(imap, 993, "tls"), Place(smtp, sending, security), oauth)


GOOGLE = _of("imap.gmail.com", "smtp.gmail.com", 587, "google")
MICROSOFT = _of("outlook.office365.com", "smtp.office365.com", 587, "microsoft")
OUTLOOK = _of("outlook.office365.com", "smtp-mail.outlook.com", 587, "microsoft")
YAHOO = _of("imap.mail.yahoo.com", "smtp.mail.yahoo.com")
ZOHO = _of("imappro.zoho.com", "smtppro.zoho.com")
HOSTINGER = _of("imap.hostinger.com", "smtp.hostinger.com")
TITAN = _of("imap.titan.email", "smtp.titan.email")
YANDEX = _of("imap.yandex.com", "smtp.yandex.com")

BY_DOMAIN = {
    "gmail.com": GOOGLE,
    "outlook.com": OUTLOOK,
    "hotmail.com": OUTLOOK,
    "outlook.co.id": OUTLOOK,
    "yahoo.com": YAHOO,
    "yahoo.co.id": YAHOO,
}
# Who takes the mail of a domain, by the end of the host's name; Hostinger and Titan serve Niagahoster's customers too.
BY_MX = {
    "google.com": GOOGLE,
    "googlemail.com": GOOGLE,
    "mail.protection.outlook.com": MICROSOFT,
    "zoho.com": ZOHO,
    "hostinger.com": HOSTINGER,
    "titan.email": TITAN,
    "yandex.net": YANDEX,
}
SRV = {
    "imap": (("_imaps._tcp", "tls"), ("_imap._tcp", "starttls")),
    "smtp": (("_submissions._tcp", "tls"), ("_submission._tcp", "starttls")),
}

Ask = Callable[[str, str], Sequence[str]]  # (name, "MX" or "SRV") → the answers as DNS writes them


def ask_dns(name: str, kind: str, resolver: dns.resolver.Resolver | None = None) -> list[str]:
    """What DNS says, the most preferred first; empty where it says nothing or cannot be asked."""
    try:
        found = (resolver or dns.resolver.get_default_resolver()).resolve(
            name, kind, lifetime=PATIENCE
        )
    except (dns.exception.DNSException, OSError):
        return []
    return sorted((str(one) for one in found), key=lambda said: int(said.split()[0]))


def look_up(address: str, ask: Ask = ask_dns) -> MailHosts:
    """The provider of a mailbox."""
    domain = address.rpartition("@")[2].lower()
    known = BY_DOMAIN.get(domain) or _by_mx(ask(domain, "MX"))
    return known or _published(domain, ask) or _habit(domain)


def _by_mx(answers: Sequence[str]) -> MailHosts | None:
    """The provider whose server the first answer that is known names: "10 aspmx.l.google.com."."""
    for said in answers:
        host = said.split()[-1].rstrip(".").lower()
        for end, hosts in BY_MX.items():
            if host == end or host.endswith(f".{end}"):
                return hosts
    return None


def _published(domain: str, ask: Ask) -> MailHosts | None:
    places = {use: _srv(domain, use, ask) for use in SRV}
    imap, smtp = places["imap"], places["smtp"]
    return MailHosts(imap, smtp) if imap and smtp else None


def _srv(domain: str, use: str, ask: Ask) -> Place | None:
    for label, security in SRV[use]:
        for said in ask(f"{label}.{domain}", "SRV"):
            *_, port, host = said.split()
            if host != ".":  # RFC 2782: decidedly not offered
                return Place(
                    host.rstrip(".").lower(), int(port), "tls" if security == "tls" else "starttls"
                )
    return None


def _habit(domain: str) -> MailHosts:
    host = f"mail.{domain}"
    return MailHosts(Place(host, 993, "tls"), Place(host, TLS_SENDING, "tls"), guessed=True)
