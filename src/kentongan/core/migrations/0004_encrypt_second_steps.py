"""What allauth kept of authenticator apps and recovery codes in clear text is encrypted like every other secret."""

from django.db import migrations

from kentongan.core import secrets

MEMBERS = {'totp': 'secret', 'recovery_codes': 'seed'}
# Neither a base32 secret nor a hexadecimal seed begins like a Fernet token.
CIPHER_TEXT = 'gAAAAA'


def encrypt(apps, _editor):
    for row, member in _rows(apps):
        if not row.data[member].startswith(CIPHER_TEXT):
            row.data[member] = secrets.encrypt(row.data[member])
            row.save(update_fields=['data'])


def decrypt(apps, _editor):
    for row, member in _rows(apps):
        row.data[member] = secrets.decrypt(row.data[member])
        row.save(update_fields=['data'])


def _rows(apps):
    rows = apps.get_model('mfa', 'Authenticator').objects.filter(type__in=MEMBERS).order_by('pk')
    return [(row, MEMBERS[row.type]) for row in rows.select_for_update()]


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_services'),
        ('mfa', '0003_authenticator_type_uniq'),
    ]

    operations = [
        migrations.RunPython(encrypt, decrypt),
    ]
