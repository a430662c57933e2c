"""Files of other tools and offices on their way in: guess, preview, reject, apply, undo.

@dataclass(frozen=True)
class Posts:                                  # an ImportKind
    name = "listening.posts"
    fields = (Field("text", _("Text"), required=True, synonyms=("tweet", "isi"), guess=looks_like_prose), ...)

    def check(self, values): ...              # the clean row, or RowError("why not")

    def apply(self, run, feed, progress):
        for batch in feed.batches(2000):
            prepared = prepare(batch.rows)    # files, hashing: outside the transaction
            with transaction.atomic():
                new = write(prepared)
                feed.commit(batch, new=new, same=len(batch.rows) - new)

imports.register(Posts())                     # in AppConfig.ready

run = imports.upload(actor, "listening.posts", unit.pk, file, "posts.csv")
job = imports.confirm(actor, run.pk, inline=True); jobs.run_now(job, listener)
"""

from kentongan.core.imports.actions import answer, choose_sheet, confirm, discard, resume, undo, upload
from kentongan.core.imports.contract import (
    AsksOptions,
    Batch,
    Cell,
    Feed,
    Field,
    Foresees,
    Foresight,
    ImportKind,
    Option,
    Question,
    Row,
    RowError,
    Verdict,
    kind_of,
    kinds,
    register,
)
from kentongan.core.imports.forgetting import about_people, blank_rows, erase_files
from kentongan.core.imports.queries import earlier, get, kinds_for, left_for, reasons, visible, write_rejects
from kentongan.core.models.imports import ImportReject, ImportRun

__all__ = [
    "AsksOptions",
    "Batch",
    "Cell",
    "Feed",
    "Field",
    "Foresees",
    "Foresight",
    "ImportKind",
    "ImportReject",
    "ImportRun",
    "Option",
    "Question",
    "Row",
    "RowError",
    "Verdict",
    "about_people",
    "answer",
    "blank_rows",
    "choose_sheet",
    "confirm",
    "discard",
    "earlier",
    "erase_files",
    "get",
    "kind_of",
    "kinds",
    "kinds_for",
    "left_for",
    "reasons",
    "register",
    "resume",
    "undo",
    "upload",
    "visible",
    "write_rejects",
]
