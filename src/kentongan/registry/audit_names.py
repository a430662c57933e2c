"""What the audit log calls the acts of this app."""

from django.utils.translation import gettext_lazy as _

from kentongan.core import verbs

verbs.name(
    {
        "registry.account.declare": _("put the account on the list"),
        "registry.account.connect": _("connected the account"),
        "registry.account.disconnect": _("disconnected the account"),
        "registry.account.correct": _("corrected the account"),
        "registry.account.move": _("changed the state of the account"),
        "registry.account.health": _("recorded whether the account could publish"),
        "registry.account.renew": _("renewed the sign-in of the account"),
        "registry.person.add": _("added the person"),
        "registry.person.load": _("added people"),
        "registry.person.import": _("brought people of a list in"),
        "registry.person.take_back": _("took back people of a list"),
        "registry.unit.decide_name": _("decided which unit a name in lists means"),
        "registry.person.export": _("took a list of people along"),
        "registry.user.add": _("added a colleague"),
        "registry.consent.give": _("recorded a consent"),
        "registry.consent.revoke": _("recorded a withdrawn consent"),
        "registry.organisation.found": _("set the organisation up"),
        "registry.unit.add": _("added the unit"),
        "registry.unit.load": _("added units"),
        "registry.tree.load": _("started to build the tree"),
        "registry.unit.rename": _("renamed the unit"),
        "registry.unit.move": _("moved the unit"),
        "registry.unit.merge": _("merged the unit into another"),
        "registry.unit.split": _("split the unit"),
        "registry.unit.close": _("closed the unit"),
        "registry.unit.close_ended": _("closed temporary bodies whose time is over"),
        "registry.unit.undo": _("undid a change of the unit"),
        "registry.mandate.give": _("gave the mandate"),
        "registry.mandate.change": _("changed the mandate"),
        "registry.mandate.end": _("ended the mandate"),
        "registry.mandate.remind": _("sent reminders of the mandate"),
        "registry.simulation.load": _("added invented people and accounts"),
        "registry.letter.note": _("noted the letter"),
        "registry.proof.issue": _("made a code to prove the account with"),
        "registry.proof.begin": _("began to look for the code"),
        "registry.proof.settle": _("looked for the code in the profile"),
        "registry.proof.attest": _("attested the account"),
        "registry.dispute.raise": _("proved an account that somebody else holds"),
        "registry.dispute.resolve": _("decided who holds the account"),
        "registry.role.grant": _("granted a role"),
        "registry.role.revoke": _("took a role away"),
    }
)
