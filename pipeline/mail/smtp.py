"""A connection to the mail server (RFC 5321): opened, logged in, one mail handed over, what the server said.

Hides smtplib and how a server ends a connection. Knows neither the database nor MIME: `outbox` says what is sent.
"""

from __future__ import annotations

import smtplib
from contextlib import suppress

from pipeline.files.kinds import size_words
from pipeline.mail import oauth
from pipeline.mail.refusals import Refusal
from pipeline.office.config import Oauth, Settings, trust
from pipeline.office.words import word

CLOSING = 421  # RFC 5321, 3.8: whatever it was asked, the server ends the connection
FAULTS = (OSError, smtplib.SMTPException)  # what a connection may raise while it is used


class MailServerDown(Exception):
    """The SMTP server could not be used; what was due stays due. The message says why."""


class OfficeRefused(MailServerDown):
    """The server refuses whatever the office sends: its quota is used up, it is not logged in, it stands on a list. The
    message is what the server said."""


class Unsendable(ValueError):
    """No server could take this mail; the message says why, to the clerk."""


def connect(settings: Settings, timeout: float = 30) -> smtplib.SMTP:
    """A logged-in SMTP connection, verified by TLS unless config says loopback in the clear. MailServerDown if not."""
    conf = settings.smtp
    context = None if conf.security == "tanpa" else trust(settings, conf.ca_file)
    server: smtplib.SMTP
    try:
        if conf.security == "tls":
            server = smtplib.SMTP_SSL(conf.host, conf.port, timeout=timeout, context=context)
        else:
            server = smtplib.SMTP(conf.host, conf.port, timeout=timeout)
        try:
            if conf.security == "starttls":
                server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
            if account := settings.oauth_of(conf.user):
                _log_in(server, settings, account, timeout)
            elif conf.user:
                server.login(conf.user, settings.secret("smtp_password"))
        except BaseException:
            server.close()
            raise
    except smtplib.SMTPAuthenticationError as error:
        said = f"{error.smtp_code} {_words(error.smtp_error)}"
        raise OfficeRefused(f"SMTP {conf.host}:{conf.port}: {said}") from error
    except (*FAULTS, oauth.OAuthError) as error:
        raise MailServerDown(f"SMTP {conf.host}:{conf.port}: {error}") from error
    return server


def _log_in(server: smtplib.SMTP, settings: Settings, account: Oauth, timeout: float) -> None:
    name = oauth.mechanism(server.esmtp_features.get("auth", "").upper().split())
    first = oauth.sasl(name, account.user, oauth.access_token(settings, account, timeout))
    try:
        # A refusal comes as a challenge, which an empty line or a ^A (RFC 7628, 3.2.3) has to end.
        last = "" if name == "XOAUTH2" else "\1"
        server.auth(name, lambda challenge=None: first if challenge is None else last)
    except smtplib.SMTPAuthenticationError:
        oauth.forget(settings, account)
        raise


def _hand_over(server: smtplib.SMTP, sender: str, recipient: str, raw: bytes) -> None:
    """One mail (RFC 5321, 3.3); smtplib's exceptions tell a refusal, _HungUp that the mail was not even heard.

    smtplib's own send_message would put ">" before a line that begins with "From ".
    """
    options = _options(server, recipient, len(raw))
    try:
        code, said = server.mail(sender, options)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, said, sender)
        code, said = server.rcpt(recipient)
    except smtplib.SMTPServerDisconnected as gone:
        raise _HungUp(str(gone)) from gone
    if code not in (250, 251):
        raise smtplib.SMTPRecipientsRefused({recipient: (code, said)})
    code, said = server.data(raw)
    if code != 250:
        raise smtplib.SMTPDataError(code, said)


class _HungUp(smtplib.SMTPServerDisconnected):
    """The server went away before it had heard the mail: sending it again makes no duplicate."""


def _code(error: Exception) -> int:
    """The code of a refusal; a server that went away has none."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return int(next(iter(error.recipients.values()))[0])
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0


class SmtpLine:
    """A connection that is opened at first need, and anew once the server has ended it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server: smtplib.SMTP | None = None
        self._carried = 0

    def server(self) -> smtplib.SMTP:
        if self._server is None:
            self._server, self._carried = connect(self._settings), 0
        return self._server

    def send(self, recipient: str, raw: bytes) -> None:
        """As `_hand_over`; a server that is tired of a connection which has carried mails gets a fresh one."""
        while True:
            server, used = self.server(), self._carried
            try:
                _hand_over(server, self._settings.smtp.sender, recipient, raw)
                self._carried += 1
                return
            except smtplib.SMTPException as error:
                closing = _code(error) == CLOSING
                if not closing and not isinstance(error, smtplib.SMTPServerDisconnected):
                    self._reset(server)
                    raise
                self.hang_up()
                unheard = closing or isinstance(error, _HungUp)
                if not (used and unheard):
                    raise

    def _reset(self, server: smtplib.SMTP) -> None:
        try:
            server.rset()  # what was said of a refused mail must not stand before the next
        except FAULTS:
            self.hang_up()

    def hang_up(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            with suppress(*FAULTS):
                server.quit()
            server.close()


def _options(server: smtplib.SMTP, recipient: str, size: int) -> list[str]:
    """What MAIL FROM says of a mail; Unsendable where the server has said that it takes no such mail."""
    options = []
    if not recipient.isascii():  # RFC 6531
        if not server.has_extn("smtputf8"):
            raise Unsendable(word("kirim.huruf"))
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    if server.has_extn("size"):  # RFC 1870; no figure, or 0, is no limit
        limit = server.esmtp_features["size"]
        if limit.isdecimal() and 0 < int(limit) < size:
            ours, theirs = size_words(size), size_words(int(limit))
            raise Unsendable(word("kirim.terlalu_besar", ukuran=ours, batas=theirs))
        options.append(f"SIZE={size}")
    return options


def send(line: SmtpLine, recipient: str, raw: bytes) -> Refusal | None:
    """What the server said instead of taking the mail; None if it took it."""
    try:
        line.send(recipient, raw)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        return Refusal(f"{code} {_words(said)}", code >= 500)
    except smtplib.SMTPResponseException as error:
        code, at_sender = error.smtp_code, isinstance(error, smtplib.SMTPSenderRefused)
        return Refusal(f"{code} {_words(error.smtp_error)}", code >= 500, at_sender)
    return None


def _words(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
