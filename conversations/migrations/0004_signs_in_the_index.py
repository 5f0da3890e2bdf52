"""Every text is taken into the search again: signs, emoji, and numbers within words are tokens now.

Until its turn comes each is found by the tokens it has.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def take_in_again(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("conversations", "Message").objects.filter(is_indexed=True).update(is_indexed=False)
    apps.get_model("conversations", "Conversation").objects.filter(title_is_indexed=True).update(title_is_indexed=False)


class Migration(migrations.Migration):
    dependencies = [("conversations", "0003_review_index")]
    operations = [migrations.RunPython(take_in_again, migrations.RunPython.noop)]
