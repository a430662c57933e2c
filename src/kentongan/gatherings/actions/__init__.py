"""All writes of gatherings, one file a noun."""

from kentongan.gatherings.actions.gatherings import (
    Plan,
    answer_question,
    ask,
    cancel,
    change,
    plan_gathering,
    record_held,
)
from kentongan.gatherings.actions.participants import (
    add_guest,
    add_person,
    answer,
    check_in,
    invite,
    remove,
    undo_check_in,
)
from kentongan.gatherings.actions.telling import PURPOSE, TRAINING
from kentongan.gatherings.actions.trainings import (
    Outcome,
    Syllabus,
    WavePlan,
    change_training,
    change_wave,
    close_training,
    fill_wave,
    open_training,
    plan_wave,
    record_results,
    remind,
)

__all__ = [
    "PURPOSE",
    "TRAINING",
    "Outcome",
    "Plan",
    "Syllabus",
    "WavePlan",
    "add_guest",
    "add_person",
    "answer",
    "answer_question",
    "ask",
    "cancel",
    "change",
    "change_training",
    "change_wave",
    "check_in",
    "close_training",
    "fill_wave",
    "invite",
    "open_training",
    "plan_gathering",
    "plan_wave",
    "record_held",
    "record_results",
    "remind",
    "remove",
    "undo_check_in",
]
