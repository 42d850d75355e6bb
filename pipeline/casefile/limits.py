"""The Waktu of a task in words: by when, how much is used, how much is left, and how that was counted."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.data.tables import Task
from pipeline.office import clock
from pipeline.office.config import Settings
from pipeline.office.rendering import remaining_words
from pipeline.office.sop import LANGKAH_OF_TASK, REPORTING, TaskKind
from pipeline.office.words import word

HOUR = timedelta(hours=1)  # from here on a length is told in hours and minutes


def short_limit(settings: Settings, task: Task | None, now: datetime) -> str:
    """The due time as a subject names it: the hour on the day itself, else the date."""
    if task is None or task.due_at is None:
        return ""
    due = task.due_at.astimezone(settings.zone)
    today = now.astimezone(settings.zone).date()
    return clock.pukul(due) if due.date() == today else clock.tanggal_pendek(due)


def limit_for(settings: Settings, kind: TaskKind) -> clock.Limit:
    """The Waktu of a task: its langkah's (SOP), the signature's own."""
    if kind is TaskKind.TANDA_TANGAN:
        return clock.parse_limit(settings.sop.waktu_tanda_tangan)
    if kind is TaskKind.TANYA:
        return clock.parse_limit(settings.sop.waktu_tunggu_pengadu)
    if kind in REPORTING:
        return clock.parse_limit(settings.laporan.waktu)
    return settings.sop.langkah[LANGKAH_OF_TASK[kind] - 1].limit


def own_limit(settings: Settings, task: Task) -> clock.Limit:
    """The Waktu of this one task: a question to a unit has a share of what langkah 2 had left, in office time."""
    whole = limit_for(settings, task.kind)
    if task.kind is not TaskKind.KETERANGAN:
        return whole
    if task.paused_at is not None and task.left_minutes is not None:
        used = clock.elapsed(task.opened_at, task.paused_at, settings.hours) // clock.MINUTE
        return clock.Limit(used - task.paused_minutes + task.left_minutes, "menit")
    if task.due_at is None:
        return whole
    if clock.due(task.opened_at, whole, settings.hours) == task.due_at:
        return whole
    given = clock.elapsed(task.opened_at, task.due_at, settings.hours) // clock.MINUTE
    running = given - task.paused_minutes
    return clock.Limit(running if running > 0 else given, "menit")


def share(settings: Settings, rest: timedelta) -> timedelta:
    """What whoever is asked has of the rest of langkah 2, in whole minutes; the Sekretaris needs what is left of it."""
    minutes = int(rest * settings.sop.keterangan_persen / 100 / clock.MINUTE)
    return max(minutes * clock.MINUTE, min(rest, clock.MINUTE))


def start_of(task: Task) -> datetime:
    """From when the limit of a task is counted: earlier than it was opened where stays before a return count."""
    return task.counted_from or task.opened_at


def used_words(settings: Settings, task: Task, now: datetime) -> str:
    """How much of a task's Waktu is used, or was when it was closed; while the pengadu is asked the clock stands."""
    limit = own_limit(settings, task)
    until = task.closed_at or task.paused_at or now
    spent = clock.spent(start_of(task), until, limit, settings.hours)
    if limit.working_time is None:
        used = word("waktu.dari", dipakai=spent.amount, batas=str(limit))
        return word("waktu.terpakai", dipakai=used)
    minutes = max(0, spent.amount - task.paused_minutes)
    return word("waktu.terpakai", dipakai=used_of(minutes, limit.working_time))


def used_of(minutes: int, whole: timedelta) -> str:
    """So many minutes of a limit, in the units in which what is left of it is told."""
    if max(minutes * clock.MINUTE, whole) < HOUR:
        return word("waktu.terpakai_menit", dipakai=minutes, batas=whole // clock.MINUTE)
    used = clock.lama(timedelta(minutes=minutes), days=False)
    return word("waktu.dari", dipakai=used, batas=clock.lama(whole, days=False))


def left_words(settings: Settings, task: Task, now: datetime) -> tuple[str, str]:
    """How much of a task's Waktu is left, or was when it was closed: (words, tone); "" without a limit."""
    if task.paused_at is not None and task.left_minutes is not None:
        left = clock.lama(timedelta(minutes=task.left_minutes), days=False)
        return word("waktu.sisa_nanti", lama=left), "hati"
    if task.due_at is None:
        return "", ""
    at = task.closed_at or now
    days = _days_left(settings, task, at)
    if days:
        unit = limit_for(settings, task.kind).unit
        return word("waktu.sisa_satuan", banyak=days, satuan=unit), "baik"
    return remaining_words(settings, task.due_at, at)


def _days_left(settings: Settings, task: Task, now: datetime) -> int:
    """Whole days left of a limit that is counted in them, so that used and left make the limit; 0 on its last day, and
    for a limit that is counted or was set in another way."""
    limit = limit_for(settings, task.kind)
    start = start_of(task)
    if limit.working_time is not None or clock.due(start, limit, settings.hours) != task.due_at:
        return 0
    used = clock.spent(start, now, limit, settings.hours).amount
    return max(0, limit.amount - used)


def time_words(settings: Settings, task: Task | None, now: datetime) -> str:
    """How much of a task's Waktu is used and how much is left, in office time; "" without a limit."""
    if task is None:
        return ""
    left, _tone = left_words(settings, task, now)
    return f"{used_words(settings, task, now)} {left}." if left else ""


def limit_line(settings: Settings, task: Task, now: datetime) -> str:
    """By when, how much is used and how much is left, in one line; "" without a limit."""
    used_and_left = time_words(settings, task, now)
    if task.due_at is None:
        return used_and_left
    by = clock.waktu(task.due_at, settings.zone)
    return f"{word('waktu.paling_lambat')} {by}. {used_and_left}"


def limit_words(settings: Settings, task: Task) -> str:
    """The arithmetic of a due time in plain words."""
    if task.due_at is None:
        return word("tugas.tanpa_batas")
    if task.extended:
        return word("tugas.batas_panjang")
    limit = limit_for(settings, task.kind)
    if task.counted_from is not None:
        before = clock.spent(task.counted_from, task.opened_at, limit, settings.hours)
        return word("tugas.batas_jumlah", batas=limit, lama=_amount(before))
    if clock.due(task.opened_at, limit, settings.hours) == task.due_at:
        return clock.explain(task.opened_at, limit, settings.hours)
    if task.kind is TaskKind.KETERANGAN:
        given = clock.lama(own_limit(settings, task).working_time or timedelta(), days=False)
        return word("tugas.batas_bagian", lama=given)
    return word("tugas.batas_lanjut")


def _amount(spent: clock.Spent) -> str:
    """How much of a limit is used, without the limit."""
    if spent.limit.working_time is not None:
        return clock.lama(timedelta(minutes=spent.amount), days=False)
    return f"{spent.amount} {spent.limit.unit}"


def later_answer(settings: Settings, task: Task, until: datetime) -> datetime:
    """By when a pengadu has an answer after the limit of one task was set anew: the langkah behind it still come."""
    if LANGKAH_OF_TASK[task.kind] < LANGKAH_OF_TASK[TaskKind.KEPUTUSAN]:
        return answer_day(settings, until)
    return clock.next_workday(until, settings.hours)


def waiting_words(count: int, late: int, today: int) -> str:
    """How many tasks wait, and how many of them are late or due today; what is none is not named."""
    if not count:
        return word("saya.kosong")
    parts = []
    if late:
        parts.append(word("saya.ringkas_terlambat", jumlah=late))
    if today:
        parts.append(word("saya.ringkas_hari_ini", jumlah=today))
    said = word("saya.ringkas", jumlah=count)
    return f"{said}: {', '.join(parts)}." if parts else f"{said}."


def answer_day(settings: Settings, recorded: datetime) -> datetime:
    """By when a pengadu has an answer: the longest way through the SOP, so that the promise holds."""
    decision = settings.sop.langkah[LANGKAH_OF_TASK[TaskKind.KEPUTUSAN] - 1]
    last_day = clock.due(recorded, decision.limit, settings.hours)
    return clock.next_workday(last_day, settings.hours)


def meeting_time(settings: Settings, at: datetime, until: datetime | None) -> str:
    """From when to when; the end of an old one may not be known."""
    begins = clock.waktu(at, settings.zone)
    if until is None:
        return begins
    ends = clock.pukul(until.astimezone(settings.zone))
    return word("rapat.waktu", mulai=begins, selesai=ends)
