"""Tables of the core, one file a noun."""

from kentongan.core.models.audit import AuditEntry
from kentongan.core.models.files import StoredFile
from kentongan.core.models.imports import ImportMapping, ImportReject, ImportRun
from kentongan.core.models.jobs import Job
from kentongan.core.models.media import FittedFile, MediaFacts
from kentongan.core.models.messages import Message, OptOut
from kentongan.core.models.tokens import ApiToken
from kentongan.core.models.tries import Tries
from kentongan.core.models.user import User, UserManager

__all__ = [
    "ApiToken",
    "AuditEntry",
    "FittedFile",
    "ImportMapping",
    "ImportReject",
    "ImportRun",
    "Job",
    "MediaFacts",
    "Message",
    "OptOut",
    "StoredFile",
    "Tries",
    "User",
    "UserManager",
]
