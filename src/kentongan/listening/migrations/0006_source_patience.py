from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("listening", "0005_kept_alerts")]

    operations = [
        migrations.AddField(
            model_name="source",
            name="patient_until",
            field=models.DateTimeField(null=True),
        ),
    ]
