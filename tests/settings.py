"""The site's settings for tests: nothing of the developer's own .env, no work that tests do not look at."""

import os
import tempfile

os.environ["ENV_FILE"] = "tests/no.env"
os.environ["APP_ENV"] = "test"
os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="chat-tests-")
os.environ["ENCRYPTION_KEY"] = "dGVzdHMtb25seS1rZXktdGhhdC1pcy0zMi1ieXRlcyE="
os.environ["PROVIDER_DISCOVERY"] = "false"
os.environ["LOCAL_MODEL"] = "off"
os.environ["MODERATION_API"] = "off"
_LIMITS = "OPEN_ANSWERS MESSAGES_PER_MINUTE MESSAGES_PER_DAY CONVERSATIONS_PER_MINUTE UPLOAD_BYTES_PER_DAY"
for _name in _LIMITS.split():
    os.environ[f"LIMIT_{_name}"] = "0"  # a test that looks at one sets it
for _name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "DEFAULT_MODEL"):
    os.environ.pop(_name, None)
_test_database = os.environ.get("TEST_DATABASE_URL")
os.environ.pop("DATABASE_URL", None)
if _test_database:
    os.environ["DATABASE_URL"] = _test_database

from chatbot_site.settings import *  # noqa: E402, F403 - the environment above must be set first
from chatbot_site.settings import DATABASES, STATIC_ROOT, STORAGES, VAR_DIR  # noqa: E402

STATIC_ROOT.mkdir(exist_ok=True)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, since answers are made in other threads, which an in-memory database would not show.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}
