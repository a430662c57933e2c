"""Settings: variables, one file, defaults, and clear words about mistakes."""

from pathlib import Path

import pytest

from kentongan.config import environment as environments
from kentongan.config.environment import SettingsError, load


def test_variables_win_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    (tmp_path / "kentongan.toml").write_text('port = 9000\nweb_threads = 3\nallowed_hosts = ["a.id", "b.id"]\n')
    settings = load({"KENTONGAN_HOME": str(tmp_path), "KENTONGAN_PORT": "9001"})
    assert (settings.port, settings.web_threads, settings.web_workers) == (9001, 3, 1)
    assert settings.allowed_hosts == ("a.id", "b.id")
    assert settings.public_url == "http://127.0.0.1:9001"
    assert settings.secret_dir == tmp_path / "keys"


def test_a_file_may_be_named_and_say_where_the_data_is(tmp_path: Path) -> None:
    file = tmp_path / "any.toml"
    file.write_text(f'home = "{tmp_path}/data"\npublic_url = "https://kentongan.example.go.id/"\n')
    settings = load({"KENTONGAN_CONFIG": str(file)})
    assert settings.home == tmp_path / "data"
    assert settings.public_url == "https://kentongan.example.go.id"


def test_an_unknown_key_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "kentongan.toml").write_text("prot = 9000\n")
    with pytest.raises(SettingsError) as caught:
        load({"KENTONGAN_HOME": str(tmp_path)})
    assert "prot" in caught.value.message
    assert caught.value.remedy == "Did you mean port?"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KENTONGAN_PORT", "eighty"),
        ("KENTONGAN_PORT", "70000"),
        ("KENTONGAN_DEBUG", "perhaps"),
        ("KENTONGAN_PUBLIC_URL", "kentongan.example.go.id"),
        ("KENTONGAN_WEB_THREADS", "0"),
        ("KENTONGAN_LOG_LEVEL", "LOUD"),
        ("DATABASE_URL", "mysql://a@b/c"),
        ("DATABASE_URL", "postgresql://a@b:port/c"),
        ("DATABASE_OWNER_URL", "postgresql://host-without-database"),
    ],
)
def test_bad_values_are_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({"KENTONGAN_HOME": str(tmp_path), name: value})
    assert caught.value.remedy


def test_a_bad_address_of_a_database_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load({"KENTONGAN_HOME": str(tmp_path), "DATABASE_URL": "postgres//app:hunter2@db"})
    assert "hunter2" not in str(caught.value)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "kentongan.toml").write_text("port = \n")
    with pytest.raises(SettingsError, match=r"kentongan\.toml cannot be read"):
        load({"KENTONGAN_HOME": str(tmp_path)})


def test_an_empty_variable_is_one_that_is_not_set(tmp_path: Path) -> None:
    settings = load({"KENTONGAN_HOME": str(tmp_path), "KENTONGAN_PORT": "", "DATABASE_URL": ""})
    assert settings.port == 8000
    assert settings.embedded


def test_external_databases_have_two_roles(tmp_path: Path) -> None:
    settings = load(
        {
            "KENTONGAN_HOME": str(tmp_path),
            "DATABASE_URL": "postgresql://app:p%40ss@db.example:5433/kentongan?sslmode=require",
            "DATABASE_OWNER_URL": "postgresql://owner@/kentongan?host=/run/postgresql",
        }
    )
    application, owner = settings.database(), settings.database("owner")
    assert not settings.embedded
    assert (application["USER"], application["PASSWORD"], application["PORT"]) == ("app", "p@ss", "5433")
    assert application["OPTIONS"] == {"sslmode": "require"}
    assert (owner["USER"], owner["HOST"], owner["PORT"]) == ("owner", "/run/postgresql", "")


def test_misspelt_variables_are_found() -> None:
    given = {"KENTONGAN_PROT": "1", "KENTONGAN_PORT": "1", "KENTONGAN_CONFIG": "x", "HOME": "/"}
    assert environments.unknown_variables(given) == ["KENTONGAN_PROT"]


def test_every_setting_has_a_meaning() -> None:
    assert all(text.endswith(".") for text in environments.HELP.values())
