import django.db.models.fields.json
import django.db.models.functions.comparison
from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built and checked while others go on reading and writing: whether a card's picture was sent, what is looked at again."""

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
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("look_at__isnull", False), ("state__in", ("published", "held"))),
                fields=["look_at"],
                name="delivery_view",
            ),
        ),
        ValidateConstraint(model_name="delivery", name="delivery_there_is_not_sent"),
        ValidateConstraint(model_name="delivery", name="delivery_hidden_is_looked_at"),
    ]
