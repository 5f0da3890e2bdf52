"""The groups Administrators, Moderators and Members with their rights, and everybody who is here already in theirs.

Django makes permissions only after all migrations; here they are made first, so that the groups have them at once.
"""

from django.conf import settings
from django.db import migrations

from moderation.roles import ADMINISTRATORS, MEMBERS, ensure, make_permissions

BATCH = 1000


def make(apps, schema_editor):
    using = schema_editor.connection.alias
    make_permissions(apps, using)
    ensure(apps, using)
    people = apps.get_model("accounts", "User").objects.using(using)
    join(apps, using, MEMBERS, people.all())
    join(apps, using, ADMINISTRATORS, people.filter(is_superuser=True))


def join(apps, using, name, people):
    group = apps.get_model("auth", "Group").objects.using(using).get(name=name)
    through = apps.get_model("accounts", "User").groups.through
    rows = (through(user_id=pk, group_id=group.pk) for pk in people.values_list("pk", flat=True).iterator())
    through.objects.using(using).bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("moderation", "0001_initial"),
        ("conversations", "0001_initial"),
        ("providers", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
