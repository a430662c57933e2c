"""Commands for scripts: they start what they need and stop it again, and speak in one sentence when they cannot."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from runtime.installations import PROGRAM, Installation, belonging_to, scrubbed

FOUND = ("organisation", "found", "Diskominfo Bekasi", "--kind", "regency", "--area", "32.16")


def one_sentence(done: subprocess.CompletedProcess[str], beginning: str) -> None:
    """Check that a command failed with one sentence and a remedy, not with a trace."""
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith(f"kentongan: {beginning}"), done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2, done.stderr


def test_commands_start_the_database_and_stop_it(installation: Installation) -> None:
    done = installation.run(*FOUND, "--admin", "wulan@example.id")
    assert done.returncode == 0, done.stderr
    assert not belonging_to(installation.home)
    users = json.loads(installation.run("users", "list", "--json").stdout)
    assert [(user["email"], user["role"], user["unit"]) for user in users] == [
        ("wulan@example.id", "administrator", "32.16")
    ]


def test_a_first_command_migrates(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    assert installation.run("users", "list", "--json").stdout.strip() == "[]"
    assert not belonging_to(installation.home)


def test_users_get_roles_and_act_with_them(installation: Installation) -> None:
    installation.run(*FOUND, "--admin", "wulan@example.id")
    made = installation.run(
        "users", "create", "dewi@example.id", "--role", "editor", "--password-stdin", text="kentongan-berbunyi\n"
    )
    assert made.returncode == 0, made.stderr
    refused = installation.run("users", "create", "maman@example.id", "--role", "leader", "--as", "dewi@example.id")
    one_sentence(refused, "You do not have permission to do this.")
    unknown = installation.run("users", "list", "--as", "nobody@example.id")
    one_sentence(unknown, "There is no active user nobody@example.id.")
    short = installation.run("users", "create", "x@example.id", "--role", "guest", "--password-stdin", text="short\n")
    one_sentence(short, "A password needs 10 characters or more.")


def test_without_an_organisation_users_are_told_what_comes_first(installation: Installation) -> None:
    one_sentence(
        installation.run("users", "create", "a@example.id", "--role", "editor"),
        "This installation has no organisation yet.",
    )


def test_the_audit_log_is_append_only_for_the_application(installation: Installation) -> None:
    installation.run(*FOUND, "--admin", "wulan@example.id")
    for change in (
        "update core_auditentry set verb = 'other'",
        "delete from core_auditentry",
        "truncate core_auditentry",
    ):
        code = f"from django.db import connection as c; c.cursor().execute({change!r})"
        done = installation.run("manage", "shell", "--verbosity=0", "--command", code)
        assert "permission denied for table core_auditentry" in done.stderr


def test_a_new_key_comes_and_the_old_one_waits(installation: Installation) -> None:
    begun = json.loads(installation.run("keys", "status", "--json").stdout)
    assert (begun["encryption_keys"], begun["values"], begun["unreadable"]) == (1, [0], 0)
    first = installation.run("keys", "rotate").stderr
    assert first.startswith("A new key is in use.\n0 secrets were encrypted anew.\nThe old key stays"), first
    second = installation.run("keys", "rotate").stderr
    assert second.startswith("The change that was under way goes on."), second
    shown = installation.run("keys", "status").stderr
    assert shown.startswith("Encryption keys: 2; signing keys: 2;"), shown
    assert "A change is under way" in shown


def test_the_overview_lists_what_there_is(tmp_path: Path) -> None:
    done = Installation(tmp_path / "home").run("--help")
    assert done.returncode == 0
    assert {"up", "doctor", "worker", "users"} <= {
        line.split()[0] for line in done.stdout.splitlines() if line[:2] == "  "
    }
    assert not (tmp_path / "home").exists()


def test_a_misspelt_command(tmp_path: Path) -> None:
    done = Installation(tmp_path / "home").run("upp")
    assert done.returncode == 2
    assert "no command 'upp'" in done.stderr


def test_settings_may_come_from_a_file(installation: Installation) -> None:
    (installation.home / "kentongan.toml").write_text('public_url = "https://kentongan.example.go.id"\n')
    shown = json.loads(installation.run("settings", "--json").stdout)
    assert shown["public_url"] == "https://kentongan.example.go.id"
    (installation.home / "kentongan.toml").write_text("public_ulr = 1\n")
    for words in (("settings",), ("users", "list"), ("up",)):
        one_sentence(installation.run(*words), f"{installation.home}/kentongan.toml: there is no setting public_ulr.")


def test_data_of_another_version_is_one_sentence(tmp_path: Path) -> None:
    old = tmp_path / "home" / "postgres" / "9"
    old.mkdir(parents=True)
    (old / "PG_VERSION").write_text("9\n")
    installation = Installation(tmp_path / "home")
    for words in (("up",), ("users", "list")):
        one_sentence(installation.run(*words), "The data was written by PostgreSQL 9, but the programs here are")


def test_a_directory_that_cannot_be_made_is_one_sentence() -> None:
    installation = Installation(Path("/proc/kentongan"))
    one_sentence(installation.run("up"), "/proc/kentongan cannot be used")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small disk")
def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(tmp_path)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        one_sentence(Installation(tmp_path / "home").run("up"), f"The disk that holds {tmp_path}/home is full")
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def findings(installation: Installation, *, code: int | None = None) -> dict[str, dict[str, str]]:
    """Return what the doctor finds, by subject."""
    done = installation.run("doctor", "--json")
    assert "Traceback" not in done.stderr, done.stderr
    assert code is None or done.returncode == code
    return {finding["subject"]: finding for finding in json.loads(done.stdout)}


def test_the_doctor_on_nothing(tmp_path: Path) -> None:
    found = findings(Installation(tmp_path / "home"))
    assert found["data directory"]["level"] == "note"
    assert not (tmp_path / "home").exists()


def test_the_doctor_on_an_installation(installation: Installation) -> None:
    found = findings(installation)
    well = {subject for subject, finding in found.items() if finding["level"] == "well"}
    assert {"PostgreSQL", "database", "tables", "extensions", "rights", "keys", "data directory"} <= well
    assert found["web server"]["level"] == "note"
    assert not belonging_to(installation.home)
    installation.up()
    found = findings(installation)
    assert {found["web server"]["level"], found["worker"]["level"]} == {"well"}


def test_the_doctor_names_problems_with_their_remedy(installation: Installation) -> None:
    for path in (installation.home / "keys").iterdir():
        path.chmod(0o644)
    code = "from kentongan.core import database as d\nwith d.as_owner() as owner: owner.cursor().execute("
    code += "\"delete from django_migrations where app = 'sessions'\")"
    assert installation.run("manage", "shell", "--verbosity=0", "--command", code).returncode == 0
    found = findings(installation, code=1)
    assert found["keys"]["remedy"].startswith("chmod")
    assert found["tables"]["remedy"] == "Run `kentongan migrate`."


def test_the_doctor_finds_misspelt_variables(tmp_path: Path) -> None:
    found = findings(Installation(tmp_path / "home", variables={"KENTONGAN_PROT": "1"}))
    assert "KENTONGAN_PROT" in found["settings"]["message"]


def test_a_bad_setting_is_a_finding_too(tmp_path: Path) -> None:
    found = findings(Installation(tmp_path / "home", variables={"KENTONGAN_WEB_THREADS": "many"}), code=1)
    assert found["settings"]["level"] == "problem"


def test_a_closed_pipe_is_no_error(installation: Installation) -> None:
    line = f"{' '.join(PROGRAM)} settings | head -1"
    done = subprocess.run(["sh", "-c", line], env=scrubbed(installation.home), capture_output=True, text=True)
    assert done.stderr == ""
