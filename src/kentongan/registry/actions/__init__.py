"""All writes of the registry, one file a noun."""

from kentongan.registry.actions.accounts import (
    connect,
    declare_account,
    disconnect,
    record_health,
    renew_secrets,
)
from kentongan.registry.actions.activity import note_posts, sweep_silent
from kentongan.registry.actions.audits import (
    begin_audit,
    check_result,
    finish_audit,
    set_rule,
    write_results,
)
from kentongan.registry.actions.custody import correct_account, move_account
from kentongan.registry.actions.handovers import (
    begin_handover,
    cancel_handover,
    check_handover,
    sweep_custody,
    tell_alarms,
)
from kentongan.registry.actions.importing import remember_units, seen_before, take_back, take_people
from kentongan.registry.actions.impostors import (
    Report,
    decide,
    purge_reports,
    record_pack,
    refer,
    report_impostor,
    take_in,
)
from kentongan.registry.actions.keeping import (
    correct_person,
    correct_post,
    end_post,
    give_post,
    keep_apart,
    merge_people,
    purge_unconfirmed,
    remove_person,
)
from kentongan.registry.actions.letters import keep_scan, note_letter
from kentongan.registry.actions.mandates import change_mandate, end_mandate, give_mandate, remind
from kentongan.registry.actions.people import (
    add_people,
    add_person,
    add_user,
    give_consent,
    record_export,
    revoke_consent,
)
from kentongan.registry.actions.proofs import (
    attest_account,
    begin_check,
    issue_code,
    keep_evidence,
    resolve_dispute,
    settle_check,
)
from kentongan.registry.actions.reshaping import (
    close_ended,
    close_unit,
    merge_unit,
    move_unit,
    rename_unit,
    split_unit,
    undo_change,
)
from kentongan.registry.actions.roles import grant_role, revoke_role
from kentongan.registry.actions.routines import set_routine, sign, stop_routine, sweep_sign_offs, tell_sign_offs
from kentongan.registry.actions.simulation import add_simulated
from kentongan.registry.actions.trees import load_tree
from kentongan.registry.actions.units import add_unit, add_units, found_organisation

__all__ = [
    "Report",
    "add_people",
    "add_person",
    "add_simulated",
    "add_unit",
    "add_units",
    "add_user",
    "attest_account",
    "begin_audit",
    "begin_check",
    "begin_handover",
    "cancel_handover",
    "change_mandate",
    "check_handover",
    "check_result",
    "close_ended",
    "close_unit",
    "connect",
    "correct_account",
    "correct_person",
    "correct_post",
    "decide",
    "declare_account",
    "disconnect",
    "end_mandate",
    "end_post",
    "finish_audit",
    "found_organisation",
    "give_consent",
    "give_mandate",
    "give_post",
    "grant_role",
    "issue_code",
    "keep_apart",
    "keep_evidence",
    "keep_scan",
    "load_tree",
    "merge_people",
    "merge_unit",
    "move_account",
    "move_unit",
    "note_letter",
    "note_posts",
    "purge_reports",
    "purge_unconfirmed",
    "record_export",
    "record_health",
    "record_pack",
    "refer",
    "remember_units",
    "remind",
    "remove_person",
    "rename_unit",
    "renew_secrets",
    "report_impostor",
    "resolve_dispute",
    "revoke_consent",
    "revoke_role",
    "seen_before",
    "set_routine",
    "set_rule",
    "settle_check",
    "sign",
    "split_unit",
    "stop_routine",
    "sweep_custody",
    "sweep_sign_offs",
    "sweep_silent",
    "take_back",
    "take_in",
    "take_people",
    "tell_alarms",
    "tell_sign_offs",
    "undo_change",
    "write_results",
]
