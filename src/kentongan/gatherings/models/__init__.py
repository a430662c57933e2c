"""Tables of gatherings, one file a noun."""

from kentongan.gatherings.models.gatherings import Gathering, Participant, Question
from kentongan.gatherings.models.trainings import Result, Training, Wave

__all__ = ["Gathering", "Participant", "Question", "Result", "Training", "Wave"]
