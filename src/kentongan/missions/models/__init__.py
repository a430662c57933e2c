"""Tables of missions, one file a noun."""

from kentongan.missions.models.instructions import Audience, Evidence, Instruction, Receipt
from kentongan.missions.models.links import MemberLink
from kentongan.missions.models.missions import Mission, MissionInvitation

__all__ = [
    "Audience",
    "Evidence",
    "Instruction",
    "MemberLink",
    "Mission",
    "MissionInvitation",
    "Receipt",
]
