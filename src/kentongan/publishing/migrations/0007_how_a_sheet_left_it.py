"""How a spreadsheet left the time and the accounts of each post."""

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    """Take what stands there now as what the spreadsheet left."""
    posts = apps.get_model("publishing", "SheetPost").objects
    items = apps.get_model("planning", "ContentItem").objects.filter(pk=OuterRef("item"))
    bookings = apps.get_model("publishing", "Booking").objects.filter(item=OuterRef("item")).order_by("account")
    posts.update(due_at=Subquery(items.values("planned_for")), accounts=ArraySubquery(bookings.values("account")))


class Migration(migrations.Migration):
    dependencies = [("publishing", "0006_ledger_indexes")]

    operations = [
        migrations.AddField("sheetpost", "due_at", models.DateTimeField(null=True)),
        migrations.AddField("sheetpost", "accounts", ArrayField(models.BigIntegerField(), default=list, size=None)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
