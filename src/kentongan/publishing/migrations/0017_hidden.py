"""What is on its platform and seen by nobody is held with its address, whatever it was before."""

from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

KNOWN = "('published', 'recalled'),"
MORE = "('published', 'held'), ('unknown', 'held'), ('missed', 'held'), ('rejected', 'held'),"
EXCHANGE = """
DO $do$
BEGIN
    EXECUTE replace(pg_get_functiondef('publishing_delivery_guard()'::regprocedure), $was${}$was$, $new${}$new$);
END $do$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('planning', '0007_link_cards'),
        ('publishing', '0016_clock_went_back'),
        ('registry', '0026_connections_that_end'),
        ('safeguards', '0003_electioneering'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(EXCHANGE.format(KNOWN, f"{KNOWN} {MORE}"), EXCHANGE.format(f"{KNOWN} {MORE}", KNOWN)),
        migrations.AddField(
            model_name='platformapp',
            name='hidden_since',
            field=models.DateTimeField(editable=False, null=True, verbose_name='shows to nobody since'),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='outcome',
            field=models.CharField(choices=[('open', 'No answer yet'), ('published', 'Accepted'), ('hidden', 'There, and nobody sees it'), ('rejected', 'Refused'), ('retry', 'Try again later'), ('expired', 'Sign-in expired'), ('ambiguous', 'In doubt'), ('found', 'Found there'), ('absent', 'Not found there'), ('unsure', 'Could not tell'), ('deleted', 'Deleted there')], default='open', max_length=9, verbose_name='outcome'),
        ),
        AddConstraintNotValid(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('remote_id', ''), ('state__in', ['published', 'held', 'recalled']), _connector='OR'), name='delivery_there_is_not_sent'),
        ),
        AddConstraintNotValid(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'held'), _negated=True), ('remote_id', ''), ('look_at__isnull', False), _connector='OR'), name='delivery_hidden_is_looked_at'),
        ),
    ]
