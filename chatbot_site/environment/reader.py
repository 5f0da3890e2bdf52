"""One typed reader for all settings. It remembers what it was asked for: so it knows all variables that there are."""

from __future__ import annotations

import builtins
import os
import re
from collections.abc import Collection, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from chatbot_site.environment import addresses, dotenv, kinds, rules, services, spelling
from chatbot_site.environment.given import Given, content, refused
from chatbot_site.environment.kinds import Kind, NotUnderstood

T = TypeVar("T")
D = TypeVar("D")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One variable: what it may be, and what it is where nobody gives it."""

    name: str
    kind: Kind[T]
    default: object

    @property
    def example(self) -> str:
        """A value that would be understood. Never a secret, since it is no site's own."""
        shown = isinstance(self.default, int | float) and not isinstance(self.default, bool)
        return f"{self.default:.15g}" if shown else self.kind.example


class Environment:
    """Reads variables, each as a type.

    `variables` (the environment) win over the file that ENV_FILE names, by default .env in `folder`. Each NAME may
    instead be given as NAME_FILE, the path of a file that holds the value. What is empty is as good as not there.
    All readers raise InvalidSetting for what was given and is not what they are named for.
    """

    def __init__(self, folder: Path, variables: MutableMapping[str, str] | None = None) -> None:
        self.folder = folder
        self.variables: MutableMapping[str, str] = os.environ if variables is None else variables
        self.settings: dict[str, Setting[Any]] = {}
        self.read_elsewhere = {"ENV_FILE"}
        self.file = self._file()

    def _file(self) -> dict[str, Given]:
        chosen = self.variables.get("ENV_FILE", "").strip()
        path = self.folder / (chosen or ".env")
        try:
            return dotenv.read(path)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not chosen and not path.is_symlink():
                return {}
            raise refused("ENV_FILE", f"names no file that can be read ({error.strerror})", ".env") from None

    def bool(self, name: str, *, default: builtins.bool) -> builtins.bool:
        return self.read(name, kinds.boolean(), default)

    def int(
        self,
        name: str,
        *,
        default: builtins.int,
        at_least: builtins.int = 0,
        at_most: builtins.int = kinds.LARGEST_WHOLE,
    ) -> builtins.int:
        return self.read(name, kinds.whole(at_least, at_most), default)

    def float(
        self,
        name: str,
        *,
        default: builtins.float,
        at_least: builtins.float = 0,
        at_most: builtins.float = kinds.LARGEST_WHOLE,
    ) -> builtins.float:
        return self.read(name, kinds.number(at_least, at_most), default)

    def choice(self, name: builtins.str, choices: Sequence[builtins.str], *, default: builtins.str) -> builtins.str:
        return self.read(name, kinds.choice(choices), default)

    def str(self, name: builtins.str, *, default: builtins.str = "") -> builtins.str:
        """Any text, of several lines too."""
        return self.read(name, kinds.text(), default)

    def line(self, name: builtins.str, *, default: builtins.str = "") -> builtins.str:
        """Any text of one line."""
        return self.read(name, kinds.line(), default)

    def word(self, name: builtins.str, *, default: builtins.str = "") -> builtins.str:
        """Something without blanks."""
        return self.read(name, kinds.word(), default)

    def list(self, name: builtins.str, *, default: Sequence[builtins.str] = ()) -> builtins.list[builtins.str]:
        """Entries between commas, which may hold blanks."""
        return [*self.read(name, kinds.words(), default)]

    def json(self, name: builtins.str, *, default: dict[builtins.str, Any]) -> dict[builtins.str, Any]:
        """An object of JSON."""
        return self.read(name, kinds.json_object(), default)

    def secret(self, name: builtins.str, *, default: builtins.str = "", at_least: builtins.int = 1) -> builtins.str:
        """A line that nobody may see, of so many characters at least; may hold blanks."""
        return self.read(name, kinds.secret(at_least), default)

    def key(self, name: builtins.str, *, default: builtins.str = "") -> builtins.str:
        """An API key: a secret without blanks."""
        return self.read(name, kinds.token(), default)

    def fernet_keys(self, name: builtins.str, *, default: builtins.str = "") -> builtins.str:
        """Fernet keys with commas between them."""
        return self.read(name, rules.fernet_keys(), default)

    def path(self, name: builtins.str, *, default: D) -> Path | D:
        """An absolute path, `~` filled in; what is relative is so to the site's folder."""
        return self.read(name, kinds.path(self.folder), default)

    def folder_made(self, name: builtins.str, *, default: Path) -> Path:
        """The same, of a folder that is made where it is missing."""
        path = self.path(name, default=default)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a path"
            raise refused(name, f"names a folder that cannot be made ({reason})", "/srv/chat/var") from None
        return path

    def python_class(self, name: builtins.str, *, default: builtins.str = "") -> builtins.str:
        return self.read(name, kinds.dotted(), default)

    def time_zone(self, name: builtins.str, *, default: builtins.str) -> builtins.str:
        return self.read(name, kinds.time_zone(), default)

    def mail_address(self, name: builtins.str, *, default: builtins.str) -> builtins.str:
        return self.read(name, kinds.mail_address(), default)

    def listen_address(self, name: builtins.str, *, default: builtins.str) -> builtins.str:
        """Where a server listens: a name or an address, without a port."""
        return self.read(name, addresses.listen_address(), default)

    def hosts(self, name: builtins.str, *, default: Sequence[builtins.str] = ()) -> builtins.list[builtins.str]:
        """Hosts as ALLOWED_HOSTS has them."""
        return [*self.read(name, addresses.hosts(), default)]

    def origins(self, name: builtins.str, *, default: Sequence[builtins.str] = ()) -> builtins.list[builtins.str]:
        """Scheme, host and perhaps port, as browsers send them."""
        return [*self.read(name, addresses.origins(), default)]

    def origin(self, name: builtins.str, *, default: builtins.str = "") -> builtins.str:
        """One of them."""
        return self.read(name, addresses.one_origin(), default)

    def url(self, name: builtins.str, *, default: builtins.str = "") -> builtins.str:
        """An address that begins with http:// or https://."""
        return self.read(name, addresses.http_address(), default)

    def servers(self, name: builtins.str, *, taken: Collection[builtins.str]) -> dict[builtins.str, builtins.str]:
        """Addresses by the names that the site gives them: name=address, separated by commas."""
        return self.read(name, addresses.servers(taken), {})

    def database(self, name: builtins.str, *, default: dict[builtins.str, Any]) -> dict[builtins.str, Any]:
        """As in settings.DATABASES."""
        return self.read(name, services.database(self.folder), default)

    def redis(self, name: builtins.str) -> builtins.str:
        return self.read(name, services.redis(), "")

    def mail_server(self, name: builtins.str, *, default: builtins.str) -> dict[builtins.str, Any]:
        """Django's settings that begin with EMAIL_."""
        kind = services.mail_server()
        return self.read(name, kind, kind.read(default))

    def sign_up(self, name: builtins.str, *, default: builtins.str) -> builtins.str:
        return self.read(name, rules.sign_up(), default)

    def days_by_group(self, name: builtins.str) -> dict[builtins.str, builtins.int | None]:
        """None: for ever."""
        return self.read(name, rules.days_by_group(), {})

    def read(self, name: builtins.str, kind: Kind[T], default: D) -> T | D:
        """The variable as `kind` reads it, `default` where it is not given or empty."""
        setting = self.settings[name] = Setting(name, kind, default)
        given = self._given(name)
        if given is None:
            return default
        try:
            return _understood(given, kind, default)
        except NotUnderstood as error:
            raise refused(name, builtins.str(error), setting.example, given.where) from None

    def _given(self, name: builtins.str) -> Given | None:
        names = (name, f"{name}_FILE")
        environment = {key: Given(self.variables[key]) for key in names if key in self.variables}
        for source in (environment, self.file):
            value, path = source.get(name), source.get(f"{name}_FILE")
            by_path = path is not None and not path.is_empty
            if value is not None and not value.is_empty:
                if by_path:
                    raise refused(name, f"is given twice, also as {name}_FILE: leave one out", "value", value.where)
                return value
            if path is not None and by_path:
                return content(name, path.readings()[-1], self.folder, path.where)
        return None

    def export_others(self) -> None:
        """Put what else stands in the file into the environment, where libraries look (AWS_..., HTTPS_PROXY)."""
        for name, given in self.file.items():
            if name.removesuffix("_FILE") not in self.settings:
                self.variables.setdefault(name, given.readings()[-1])

    def misspelt(self) -> builtins.list[tuple[builtins.str, builtins.str]]:
        """Variables that are not known, each with the known one that it looks like."""
        known = {*self.settings, *self.read_elsewhere}
        return [*spelling.misspelt({*self.file, *self.variables}, known)]


def _understood(given: Given, kind: Kind[T], default: D) -> T | D:
    if kind.is_free and given.has_comment:
        raise NotUnderstood(
            "has a # after a blank: put the value in quotation marks in .env or into a file of its own, or the comment "
            "into a line of its own"
        )
    if kind.is_free and given.has_quotes:
        raise NotUnderstood("has quotation marks around it, which would be part of it: leave them out")
    problem = NotUnderstood("is not understood")
    for text in given.readings():
        if not text:
            return default
        try:
            return kind.read(_clean(text, kind))
        except NotUnderstood as error:
            problem = error
        except (ValueError, OverflowError):  # a library's own words could repeat the value
            problem = NotUnderstood("is not understood")
    raise problem


def _clean(text: str, kind: Kind[Any]) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotUnderstood("is not UTF-8 text") from None
    if "\n" in text and not kind.has_lines:
        raise NotUnderstood("has a line break in it")
    if _CONTROLS.search(text):
        raise NotUnderstood("has a control character in it")
    return text
