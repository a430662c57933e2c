"""`kentongan keys`: the keys that stored secrets are encrypted with."""

from kentongan.cli.context import AsJson, actor, group, print_json, say, with_database
from kentongan.core import keys

app = group("The keys that stored secrets are encrypted with: see them, change them.")


@app.command("status")
@with_database
def status(as_json: AsJson = False) -> None:
    """Say how many keys there are and how many stored secrets each of them opens."""
    now = keys.status()
    if as_json:
        print_json(
            {
                "encryption_keys": len(now.values),
                "signing_keys": now.signing_keys,
                "values": list(now.values),
                "unreadable": now.unreadable,
                "changed_at": now.changed_at.isoformat(),
            }
        )
        return
    say(f"Encryption keys: {len(now.values)}; signing keys: {now.signing_keys}; last change {now.changed_at:%Y-%m-%d}.")
    say(f"Secrets under the newest key: {now.values[0]}; under older ones: {now.outdated}.")
    if now.unreadable:
        say(f"{now.unreadable} secrets open with no key here: restore the key file that fits this database.")
    if len(now.values) > 1:
        say("A change is under way: `kentongan keys rotate` finishes it.")


@app.command("rotate")
@with_database
def rotate() -> None:
    """Put a new key in front and encrypt every stored secret anew; run again, it finishes what is under way."""
    outcome = keys.rotate(actor())
    say("A new key is in use." if outcome.added else "The change that was under way goes on.")
    say(f"{outcome.renewed} secrets were encrypted anew.")
    if outcome.retired:
        say("The old key opened nothing more and is gone.")
    else:
        say(f"The old key stays as long as it may be in use: run this again after {outcome.retire_after:%H:%M} UTC.")
    say("Copy the key file anew, and restart Kentongan on every machine that has a copy of its own.")
