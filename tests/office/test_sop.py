"""The SOP as data: who acts where, which action leads where, and that code, words and table agree."""

from __future__ import annotations

import pytest

from pipeline.cases.act import DO, KEEPING
from pipeline.office import actions, config, sop
from pipeline.office.actions import ACTIONS, Action, next_stage
from pipeline.office.sop import LANGKAH_OF, ROLE_OF, TASK_OF, Act, Role, Stage, TaskKind
from pipeline.reports.acting import DO as REPORT_DO

ALL = [(kind, action) for kind, actions in ACTIONS.items() for action in actions]
ITEM_TASKS = (TaskKind.PINDAI, TaskKind.TERTAHAN)


@pytest.mark.parametrize(
    ("stage", "kind", "name", "after"),
    [
        (Stage.PENERIMAAN, TaskKind.CATAT, "laporkan", Stage.KLARIFIKASI),
        (Stage.PENERIMAAN, TaskKind.CATAT, "gabungkan", Stage.DIGABUNG),
        (Stage.PENERIMAAN, TaskKind.CATAT, "pisahkan", Stage.PENERIMAAN),
        (Stage.PENERIMAAN, TaskKind.CATAT, "bukan_pengaduan", Stage.BATAL),
        (Stage.KLARIFIKASI, TaskKind.KLARIFIKASI, "laporkan_kepala", Stage.KEPUTUSAN),
        (Stage.KLARIFIKASI, TaskKind.KLARIFIKASI, "kembalikan", Stage.PENERIMAAN),
        (Stage.KLARIFIKASI, TaskKind.KETERANGAN, "jawab", Stage.KLARIFIKASI),
        (Stage.KEPUTUSAN, TaskKind.KEPUTUSAN, "putuskan", Stage.JAWABAN),
        (Stage.KEPUTUSAN, TaskKind.KEPUTUSAN, "rapat", Stage.KEPUTUSAN),
        (Stage.KEPUTUSAN, TaskKind.KEPUTUSAN, "kembalikan", Stage.KLARIFIKASI),
        (Stage.JAWABAN, TaskKind.JAWABAN, "ajukan", Stage.TANDA_TANGAN),
        (Stage.JAWABAN, TaskKind.JAWABAN, "kembalikan", Stage.KEPUTUSAN),
        (Stage.TANDA_TANGAN, TaskKind.TANDA_TANGAN, "tandatangani", Stage.PENYAMPAIAN),
        (Stage.TANDA_TANGAN, TaskKind.TANDA_TANGAN, "kembalikan", Stage.JAWABAN),
        (Stage.PENYAMPAIAN, TaskKind.PENYAMPAIAN, "kirim_email", Stage.PENGIRIMAN),
        (Stage.PENYAMPAIAN, TaskKind.PENYAMPAIAN, "sampaikan", Stage.SELESAI),
        (Stage.PENYAMPAIAN, TaskKind.PENYAMPAIAN, "kembalikan", Stage.JAWABAN),
        (Stage.SELESAI, TaskKind.ARSIP, "buka_kembali", Stage.KLARIFIKASI),
        (Stage.BATAL, TaskKind.ARSIP, "buka_kembali", Stage.PENERIMAAN),
        (Stage.SELESAI, TaskKind.ARSIP, "koreksi", Stage.SELESAI),
    ],
)
def test_action_leads_where_the_sop_says(
    stage: Stage, kind: TaskKind, name: str, after: Stage
) -> None:
    assert next_stage(kind, name, stage) is after


@pytest.mark.parametrize(
    ("kind", "name"),
    [(TaskKind.PENYAMPAIAN, "sampaikan"), (TaskKind.PENGANTAR, "sampaikan_pengantar")],
)
def test_a_letter_is_not_delivered_without_saying_how(kind: TaskKind, name: str) -> None:
    given = actions.action(kind, name)
    assert given is not None
    assert [field.name for field in given.fields if field.required] == ["cara"]


def test_action_of_another_task_leads_nowhere() -> None:
    with pytest.raises(KeyError):
        next_stage(TaskKind.CATAT, "putuskan", Stage.PENERIMAAN)


def test_whole_sop_can_be_walked_from_langkah_1_to_its_end() -> None:
    path = [Stage.PENERIMAAN]
    for name in ("laporkan", "laporkan_kepala", "putuskan", "ajukan", "tandatangani", "sampaikan"):
        path.append(next_stage(TASK_OF[path[-1]], name, path[-1]))
    assert [LANGKAH_OF[stage] for stage in path] == [1, 2, 3, 4, 4, 5, 5]
    assert path[-1] is Stage.SELESAI


def test_every_stage_can_be_reached_and_every_running_one_left() -> None:
    """A task beside the others leads on too, where a complaint is taken back."""
    ways = {
        stage: {next_stage(kind, a.name, stage) for a in ACTIONS[kind]}
        for stage, kind in TASK_OF.items()
    }
    for stage in set(TASK_OF) - set(sop.OVER):
        ways[stage] |= {
            a.leads_to for kind in sop.BESIDE for a in ACTIONS[kind] if a.leads_to is not None
        }
    reached, todo = {Stage.PENERIMAAN}, [Stage.PENERIMAAN]
    while todo:
        for stage in ways.get(todo.pop(), set()) - reached:
            reached.add(stage)
            todo.append(stage)
    assert reached == set(Stage)
    assert all(ways[stage] - {stage} for stage in TASK_OF)


def test_each_langkah_can_be_returned_with_a_reason() -> None:
    """Issue: returns at every langkah; a return without its reason would leave the other guessing."""
    returns = [
        (kind, a) for kind, a in ALL if a.name in ("kembalikan", "buka_kembali", "bukan_pengaduan")
    ]
    assert {kind for kind, a in returns if a.name == "kembalikan"} == {
        TaskKind.KLARIFIKASI,
        TaskKind.KEPUTUSAN,
        TaskKind.JAWABAN,
        TaskKind.TANDA_TANGAN,
        TaskKind.PENYAMPAIAN,
        TaskKind.LAPORAN_TTD,
    }
    for kind, action in returns:
        asked = [(f.name, f.required) for f in action.fields if f.name != "slip"]
        assert asked == [("alasan", True)], (kind, action.name)


@pytest.mark.parametrize(("kind", "action"), ALL, ids=[f"{k}-{a.name}" for k, a in ALL])
def test_action_that_leads_on_closes_its_task(kind: TaskKind, action: Action) -> None:
    assert action.closes or action.leads_to is None


def test_every_action_has_its_function_and_every_function_its_action() -> None:
    offered = {(kind, a.name) for kind, a in ALL if kind not in ITEM_TASKS}
    assert offered == {*DO, *REPORT_DO}


def test_every_act_is_offered_by_a_task_or_at_the_counter() -> None:
    offered = {action.name for _kind, action in ALL}
    assert set(Act) == offered | {Act.CATAT, Act.TAMBAH}


def test_every_action_that_keeps_its_task_open_knows_the_event_of_a_second_press() -> None:
    """Of a stack each slip is settled once, whatever its task; a report has no events."""
    apart = (TaskKind.PINDAI, *sop.REPORTING)
    assert {a.name for kind, a in ALL if not a.closes and kind not in apart} == set(KEEPING)


def test_roles_are_those_of_the_sops_column_pelaksana() -> None:
    """The holder of each langkah's task stands in that row of the table; the signature is the Kepala Dinas's."""
    rows = config.parse(config.SAMPLE.read_text("utf-8"), config.SAMPLE).sop.langkah
    for kind, roles in ROLE_OF.items():
        if kind not in (TaskKind.TANDA_TANGAN, *sop.AT_REST, *sop.REPORTING):
            assert set(roles) <= set(rows[sop.LANGKAH_OF_TASK[kind] - 1].pelaksana), kind
    assert ROLE_OF[TaskKind.TANDA_TANGAN] == (Role.KEPALA,)
    assert ROLE_OF[TaskKind.ARSIP] == (Role.JFU, Role.SEKRETARIS)


def test_task_of_a_stage_stands_in_the_same_langkah() -> None:
    for stage, kind in TASK_OF.items():
        if kind is not TaskKind.ARSIP:
            assert sop.LANGKAH_OF_TASK[kind] == LANGKAH_OF[stage], stage


def test_field_names_of_one_form_differ() -> None:
    for kind, action in ALL:
        names = [f.name for f in action.fields]
        assert len(set(names)) == len(names), (kind, action.name)


def test_tables_name_every_stage_and_task() -> None:
    assert set(ROLE_OF) == set(ACTIONS) == set(sop.LANGKAH_OF_TASK) == set(TaskKind)
    assert set(LANGKAH_OF) == set(Stage)
    assert set(Stage) == set(TASK_OF)
