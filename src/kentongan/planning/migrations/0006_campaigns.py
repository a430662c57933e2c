
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import kentongan.core.clock
from django.conf import settings
from django.db import migrations, models


FORWARD = """
CREATE TRIGGER planning_campaign_neutral BEFORE INSERT OR UPDATE OF purpose ON planning_campaign
    FOR EACH ROW EXECUTE FUNCTION planning_refuse_campaign();

CREATE FUNCTION planning_refuse_electioneering() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM planning_campaign WHERE id = NEW.campaign_id AND purpose = 'service') THEN
        RAISE EXCEPTION 'a campaign of public service takes no electioneering' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER planning_item_fits_campaign BEFORE INSERT OR UPDATE OF purpose, campaign_id ON planning_contentitem
    FOR EACH ROW WHEN (NEW.campaign_id IS NOT NULL AND NEW.purpose <> 'service')
    EXECUTE FUNCTION planning_refuse_electioneering();

CREATE FUNCTION planning_refuse_late_service() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM planning_contentitem WHERE campaign_id = NEW.id AND purpose <> 'service') THEN
        RAISE EXCEPTION 'some content of this campaign is electioneering' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER planning_campaign_fits_items BEFORE UPDATE OF purpose ON planning_campaign
    FOR EACH ROW WHEN (NEW.purpose = 'service' AND OLD.purpose <> 'service')
    EXECUTE FUNCTION planning_refuse_late_service();
"""

BACKWARD = """
DROP TRIGGER planning_campaign_fits_items ON planning_campaign;
DROP FUNCTION planning_refuse_late_service();
DROP TRIGGER planning_item_fits_campaign ON planning_contentitem;
DROP FUNCTION planning_refuse_electioneering();
DROP TRIGGER planning_campaign_neutral ON planning_campaign;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('planning', '0005_likeness'),
        ('registry', '0025_own_handles_in_small_letters'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='contentitem',
            name='purpose',
            field=models.CharField(choices=[('campaign', 'Electioneering'), ('service', 'Public service')], max_length=10, verbose_name='purpose'),
        ),
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('summary', models.TextField(blank=True, verbose_name='what it is about')),
                ('purpose', models.CharField(choices=[('campaign', 'Electioneering'), ('service', 'Public service')], max_length=10, verbose_name='purpose')),
                ('starts_on', models.DateField(verbose_name='from')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='until')),
                ('hashtags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None, verbose_name='hashtags')),
                ('themes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), blank=True, default=list, size=None, verbose_name='themes')),
                ('state', models.CharField(choices=[('open', 'Running'), ('closed', 'Closed')], default='open', editable=False, max_length=6, verbose_name='state')),
                ('closed_at', models.DateTimeField(editable=False, null=True, verbose_name='closed')),
                ('close_reason', models.CharField(blank=True, editable=False, max_length=300, verbose_name='reason')),
                ('created_at', models.DateTimeField(default=kentongan.core.clock.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='changed')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='author')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='registry.unit', verbose_name='unit')),
            ],
            options={
                'verbose_name': 'campaign',
                'verbose_name_plural': 'campaigns',
            },
        ),
        migrations.AddField(
            model_name='contentitem',
            name='campaign',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='planning.campaign', verbose_name='campaign'),
        ),
        migrations.AddIndex(
            model_name='campaign',
            index=models.Index(fields=['unit', 'state', '-starts_on'], name='campaign_unit'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.UniqueConstraint(models.F('unit'), django.db.models.functions.text.Lower('name'), condition=models.Q(('state', 'open')), name='campaign_name'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='campaign_named'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('purpose__in', ['campaign', 'service'])), name='campaign_purpose'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on', None), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='campaign_days'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('close_reason', ''), ('closed_at', None), ('state', 'open')), models.Q(('closed_at__isnull', False), ('state', 'closed'), models.Q(('close_reason', ''), _negated=True)), _connector='OR'), name='campaign_state'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
