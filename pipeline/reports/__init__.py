"""The report of a period on its way: made by itself, edited in Word, signed, sent to the tembusan.

Above `cases`, whose tasks, gate and signing rules it uses, and `register`, whose figures it tells. A report hangs on no
complaint: it is a row of its own (`Laporan`), with tasks and documents that name it. What stands here is what other
rooms use.
"""

from pipeline.reports import takeback
from pipeline.reports.acting import act
from pipeline.reports.making import compose, is_due, keep_draft, order_due, tables_now
from pipeline.reports.sending import bounced, delivery_result

__all__ = [
    "act",
    "bounced",
    "compose",
    "delivery_result",
    "is_due",
    "keep_draft",
    "order_due",
    "tables_now",
    "takeback",
]
