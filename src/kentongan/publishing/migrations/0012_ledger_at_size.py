from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Indexes for a million deliveries on either side of today, built while others go on reading and writing."""

    atomic = False
    dependencies = [
        ("publishing", "0011_awaits_sign_in"),
    ]

    operations = [
        migrations.RenameIndex(model_name="delivery", new_name="delivery_newest", old_name="delivery_rate"),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                fields=["due_at", "id"], include=("state", "unit", "campaign"), name="delivery_by_day"
            ),
        ),
        RemoveIndexConcurrently(model_name="delivery", name="delivery_day"),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ("draft", "ready", "claimed", "sending"))),
                fields=["due_at", "id"],
                name="delivery_coming",
            ),
        ),
    ]
