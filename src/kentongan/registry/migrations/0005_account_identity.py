"""Accounts are told apart by their identity, which every address and spelling of one account shares."""

from django.db import migrations, models
from django.db.models.functions import Lower


def fill(apps, schema_editor):
    apps.get_model("registry", "Account").objects.filter(identity="").update(identity=Lower("handle"))


class Migration(migrations.Migration):
    dependencies = [("registry", "0004_units")]
    operations = [
        migrations.AddField("account", "form", models.CharField(blank=True, choices=[("profile", "Profile"), ("page", "Page"), ("channel", "Channel"), ("group", "Group"), ("site", "Site")], max_length=7, verbose_name="form")),
        migrations.AddField("account", "identity", models.CharField(default="", help_text="The same for every address and spelling of one account.", max_length=260, verbose_name="identity"), preserve_default=False),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RemoveConstraint("account", "registry_official_account_once"),
        migrations.AddConstraint("account", models.UniqueConstraint("platform", "identity", condition=models.Q(("kind", "official"), models.Q(("state__in", ["retired", "lost", "impostor"]), _negated=True)), name="registry_official_account_once")),
        migrations.AddConstraint("account", models.CheckConstraint(condition=models.Q(("identity", ""), _negated=True), name="registry_account_identity")),
    ]
