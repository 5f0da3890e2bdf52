import gettext
import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

PO = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "New chat"
msgstr "새 대화"

#, fuzzy
msgid "Stop"
msgstr "정지"
"""


@pytest.fixture
def catalogue(tmp_path: Path, settings) -> Path:
    settings.LOCALE_PATHS = [tmp_path]
    folder = tmp_path / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(PO, encoding="utf-8")
    return folder / "django.mo"


def test_compiles_without_msgfmt(catalogue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    call_command("compilemessages", verbosity=0)

    with catalogue.open("rb") as file:
        texts = gettext.GNUTranslations(file)
    assert texts.gettext("New chat") == "새 대화"


def test_leaves_uncertain_translations_out(catalogue: Path) -> None:
    call_command("compilemessages", verbosity=0)

    with catalogue.open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Stop") == "Stop"


def test_skips_what_is_compiled_and_compiles_what_changed(catalogue: Path) -> None:
    call_command("compilemessages", verbosity=0)
    first = catalogue.stat().st_mtime_ns
    os.utime(catalogue.with_suffix(".po"), ns=(first - 10**9, first - 10**9))
    call_command("compilemessages", verbosity=0)
    assert catalogue.stat().st_mtime_ns == first

    os.utime(catalogue.with_suffix(".po"), ns=(first + 10**9, first + 10**9))
    call_command("compilemessages", verbosity=0)

    assert catalogue.stat().st_mtime_ns != first


def test_a_broken_catalogue_is_named(catalogue: Path) -> None:
    catalogue.with_suffix(".po").write_text('msgid "a"\nnonsense "b"\n')

    with pytest.raises(CommandError, match=r"django\.po"):
        call_command("compilemessages", verbosity=0)
