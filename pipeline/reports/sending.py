"""The signed report to the tembusan: by mail to each that has an address, and what became of each copy.

A task of the JFU stands for the sending. It ends by itself once every copy has arrived, and is mailed to them where one
did not, or where a tembusan has no address.
"""

from __future__ import annotations

from sqlalchemy import select

from pipeline.cases import report_chain
from pipeline.cases.chain import SYSTEM
from pipeline.cases.tasks import close, fresh_links, open_report_task, open_report_tasks
from pipeline.data.states import MailState
from pipeline.data.tables import Document, Laporan, Outbox, Task
from pipeline.letters.series import REPORT
from pipeline.mail.diagnosis import explained
from pipeline.notices import reports
from pipeline.office.config import Tembusan
from pipeline.office.sop import TaskKind
from pipeline.office.words import word
from pipeline.reports.making import locked
from pipeline.work import Work


def send(work: Work, report: Laporan, signed: Document) -> None:
    """To all of them, at once."""
    everybody = work.settings.laporan.tembusan
    by_mail = [one for one in everybody if one.email]
    by_hand = unaddressed(everybody)
    note = ""
    if by_hand:
        note = word("laporan.tanpa_alamat", siapa=", ".join(by_hand))
    elif not by_mail:
        note = word("laporan.tanpa_tembusan")
    task, told = open_report_task(work, report, TaskKind.LAPORAN_KIRIM, note)
    reports.copies(work, report, task, signed, by_mail)
    if note:
        for person, link_id in told:
            reports.task(work, report, task, person, link_id)


def send_again(work: Work, report: Laporan, task: Task) -> bool:
    """To those whom it has not reached, at the addresses that the settings have now; False for nobody."""
    copies = newest_copies(work, report)
    lost = {name for name, mail in copies.items() if has_failed(report, mail)}
    again = [one for one in work.settings.laporan.tembusan if one.email and one.nama in lost]
    signed = reports.documents(work.session, report.id, REPORT.signed)
    if again and signed:
        reports.copies(work, report, task, signed[-1], again)
    return bool(again)


def newest_copies(work: Work, report: Laporan) -> dict[str, Outbox]:
    """{tembusan: the newest copy that went to it}."""
    mine = select(Task.id).where(Task.laporan_id == report.id)
    mails = select(Outbox).where(Outbox.name == reports.COPY, Outbox.task_id.in_(mine))
    in_order = work.session.scalars(mails.order_by(Outbox.id))
    return {mail.recipient_name: mail for mail in in_order}


def has_failed(report: Laporan, mail: Outbox) -> bool:
    """Whether a copy was refused, or came back."""
    return mail.state == MailState.DEAD or mail.message_id in report.lost


def unaddressed(everybody: tuple[Tembusan, ...]) -> list[str]:
    return [one.nama for one in everybody if not one.email]


# ---- the end of a copy ---------------------------------------------------------------------------------------


def delivery_result(work: Work, mail: Outbox) -> None:
    """A mail server has taken a copy, or not; nothing for any other mail."""
    report = _report_of(work, mail)
    if report is None:
        return
    if mail.state == MailState.DEAD:
        _lost(work, report, mail, mail.error)
    elif not unaddressed(work.settings.laporan.tembusan):
        _end_if_all_arrived(work, report)


def bounced(work: Work, mail: Outbox, permanent: bool, diagnostic: str) -> None:
    """A copy came back after it was taken."""
    report = _report_of(work, mail)
    if report is not None and permanent:
        report.lost = [*report.lost, mail.message_id]
        _lost(work, report, mail, diagnostic)


def _report_of(work: Work, mail: Outbox) -> Laporan | None:
    """The report of which a mail is a copy; None for any other mail."""
    if mail.name != reports.COPY or not mail.task_id:
        return None
    task = work.session.get(Task, mail.task_id)
    if task is None or not task.laporan_id:
        return None
    return locked(work, task.laporan_id)


def _end_if_all_arrived(work: Work, report: Laporan) -> None:
    mails = newest_copies(work, report).values()
    if any(mail.state != MailState.SENT or has_failed(report, mail) for mail in mails):
        return
    for task in open_report_tasks(work, report.id, TaskKind.LAPORAN_KIRIM):
        close(work, task, SYSTEM.code, "terkirim")
        report_chain.log(work, report, "terkirim", SYSTEM, task.id)


def _lost(work: Work, report: Laporan, mail: Outbox, reason: str) -> None:
    """The JFU hears of it: in the task that is open still, or in a new one."""
    note = word(
        "laporan.tak_sampai",
        kepada=mail.recipient_name,
        alamat=mail.recipient,
        sebab=explained(reason),
    )
    report_chain.log(
        work, report, "tak_sampai", SYSTEM, mail.task_id, kepada=mail.recipient_name, sebab=reason
    )
    waiting = open_report_tasks(work, report.id, TaskKind.LAPORAN_KIRIM)
    if waiting:
        task, told = waiting[0], fresh_links(work, waiting[0])
        task.note = "\n".join(filter(None, (task.note, note)))
    else:
        task, told = open_report_task(work, report, TaskKind.LAPORAN_KIRIM, note)
    for person, link_id in told:
        reports.task(work, report, task, person, link_id)
