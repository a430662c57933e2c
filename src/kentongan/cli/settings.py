"""`kentongan settings`: every setting of this installation."""

from pathlib import Path

from kentongan.cli.terminal import AsJson, group, print_json, print_table
from kentongan.config.environment import HELP, PREFIX, UNPREFIXED, environment

app = group("Show every setting: its value here, what it means, and the variable that sets it.")

# Addresses with passwords in them.
SECRET = frozenset({"database_url", "database_owner_url", "email_url"})


def _shown(name: str, value: object) -> object:
    if name in SECRET and value:
        return "(set)"
    return str(value) if isinstance(value, Path) else value


@app.command()
def settings(as_json: AsJson = False) -> None:
    """Print the settings; the same names are the keys of the TOML file."""
    values = {name: _shown(name, getattr(environment(), name)) for name in HELP}
    if as_json:
        print_json(values)
        return
    variables = {name: UNPREFIXED.get(name, PREFIX + name.upper()) for name in HELP}
    print_table(
        ("SETTING", "VARIABLE", "VALUE", "MEANING"),
        [(name, variables[name], _in_words(values[name]), HELP[name]) for name in HELP],
    )


def _in_words(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(value) or "-"
        case _:
            return str(value) or "-"
