from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("publishing", "0010_recalls_by_people")]

    operations = [
        migrations.AddField(
            "delivery", "awaits_sign_in", models.BooleanField(db_default=False, default=False, editable=False)
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["account"],
                name="delivery_awaits_sign_in",
                condition=models.Q(awaits_sign_in=True, state="held"),
            ),
        ),
    ]
