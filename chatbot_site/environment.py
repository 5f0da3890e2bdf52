"""How settings read the environment."""

import re

from environ import FileAwareEnv
from environ.fileaware_mapping import FileAwareMapping


class _Mapping(FileAwareMapping):  # type: ignore[misc]  # django-environ has no types
    """A file's last line end is the editor's, not the secret's."""

    def __getitem__(self, key: str) -> str:
        value: str = super().__getitem__(key)
        return value.rstrip("\r\n") if key in self.files_cache else value


class Environment(FileAwareEnv):  # type: ignore[misc]  # django-environ has no types
    """Each variable NAME may instead be given as NAME_FILE, the path of a file that holds the value."""

    ENVIRON = _Mapping()


def key_name(name: str) -> str:
    """A server's name as the names of variables are written: GPU_BOX for gpu-box."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())
