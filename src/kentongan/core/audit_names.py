"""What the audit log calls the acts of this app."""

from collections.abc import Collection, Mapping

from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, verbs
from kentongan.core.models import ImportRun, Job


def _files(ids: Collection[str]) -> Mapping[str, str]:
    found = ImportRun.objects.filter(pk__in=ids).values_list("pk", "file__name")
    return {str(pk): name for pk, name in found}


def _labels(ids: Collection[str]) -> Mapping[str, str]:
    return {str(pk): label for pk, label in Job.objects.filter(pk__in=ids).values_list("pk", "label")}


audit.register_names(ImportRun, _files)
audit.register_names(Job, _labels)

verbs.name(
    {
        "core.user.sign_in": _("signed in"),
        "core.user.sign_out": _("signed out"),
        "core.user.password": _("set a new password"),
        "core.user.address": _("changed the address to sign in with"),
        "core.user.second_step.add": _("added a second step of sign-in"),
        "core.user.second_step.remove": _("removed a second step of sign-in"),
        "core.file.store": _("stored a file"),
        "core.import.upload": _("uploaded a file to import"),
        "core.import.choose_sheet": _("chose another sheet"),
        "core.import.answer": _("decided what was doubtful in a file"),
        "core.import.confirm": _("confirmed the import"),
        "core.import.continue": _("continued the import"),
        "core.import.undo": _("undid the import"),
        "core.import.discard": _("discarded the upload"),
        "core.job.start": _("started a job"),
        "core.job.stop": _("stopped the job"),
        "core.keys.add": _("added new keys"),
        "core.keys.renew": _("encrypted the stored secrets anew"),
        "core.keys.retire": _("dropped the old keys"),
        "core.message.queue": _("queued a message"),
        "core.message.hand_over": _("handed the message over"),
        "core.message.take_back": _("took the hand-over back"),
        "core.message.send_again": _("sent the message again"),
        "core.message.settle": _("said what became of the message"),
        "core.message.opt_out": _("opted out of messages"),
        "core.message.forget": _("blanked the messages to somebody who withdrew"),
        "core.message.opt_in": _("took the opt-out back"),
        "core.token.create": _("made an access token"),
        "core.token.revoke": _("revoked an access token"),
    }
)
