"""Which migrations a database has, its models as they were at them, and the way from there to now.

All of it asks the database called "default", which may be another one for a while (`databases.standing_in`).
"""

from __future__ import annotations

from collections.abc import Iterable

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

Node = tuple[str, str]


def applied() -> dict[str, list[str]]:
    """The migrations of the database by app, in order; of apps that are not installed (any more) none."""
    installed = {config.label for config in apps.get_app_configs()}
    by_app: dict[str, list[str]] = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        if app in installed:
            by_app.setdefault(app, []).append(name)
    return by_app


def unknown(migrations: dict[str, list[str]]) -> list[str]:
    """Those that this code does not have: a newer version made them."""
    loader = MigrationLoader(None)
    known = set(loader.disk_migrations) | {old for one in loader.disk_migrations.values() for old in one.replaces}
    return [f"{app}.{name}" for app, name in _nodes(migrations) if (app, name) not in known]


def models_at(migrations: dict[str, list[str]]) -> dict[str, type[Model]]:
    """All models with a table, by label, as they were when these were the migrations."""
    loader = MigrationLoader(connection)
    nodes = [node for node in _nodes(migrations) if node in loader.graph.nodes]
    state = loader.project_state(nodes).apps
    models = state.get_models(include_auto_created=True)
    return {m._meta.label_lower: m for m in models if m._meta.managed and not m._meta.proxy}


def migrate_to(migrations: dict[str, list[str]]) -> None:
    """From an empty database. Nothing is made but what the migrations make."""
    executor = MigrationExecutor(connection)
    graph = executor.loader.graph
    nodes = {node for node in _nodes(migrations) if node in graph.nodes}
    # The last ones of them: the executor would take one in the middle as the wish to go back to it.
    executor.migrate([node for node in sorted(nodes) if not nodes.intersection(_children(graph, node))])


def _children(graph: MigrationGraph, node: Node) -> set[Node]:
    return {child.key for child in graph.node_map[node].children}


def migrate_forward() -> list[str]:
    """To this code's own migrations; their names. Then content types and permissions, as `migrate` does."""
    executor = MigrationExecutor(connection)
    executor.loader.build_graph()
    targets = executor.loader.graph.leaf_nodes()
    plan = executor.migration_plan(targets)
    executor.migrate(targets, plan=plan)
    ContentType.objects.clear_cache()
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    ContentType.objects.clear_cache()
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def _nodes(migrations: dict[str, list[str]]) -> Iterable[Node]:
    return [(app, name) for app, names in sorted(migrations.items()) for name in names]
