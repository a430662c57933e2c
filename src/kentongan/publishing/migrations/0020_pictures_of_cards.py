import django.db.models.fields.json
import django.db.models.functions.comparison
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """An index by which it is found whether a card's picture was sent, built while others go on reading and writing."""

    atomic = False
    dependencies = [
        ("publishing", "0019_recalled_in_doubt"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                django.db.models.functions.comparison.Cast(
                    django.db.models.fields.json.KT("content__card__file"), models.BigIntegerField()
                ),
                condition=models.Q(("content__has_key", "card")),
                name="delivery_card_picture",
            ),
        ),
    ]
