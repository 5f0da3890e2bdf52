"""Settings of the whole site, all in this file. What differs between sites comes from the environment.

Variables in the environment win over the file named by ENV_FILE (default: .env beside manage.py). Each variable NAME
may instead be given as NAME_FILE, a path whose content is the value. `.env.example` explains every one of them. Each is
read by one line: `env`, what it is, its name, its default, its bounds. What is not understood is refused.
"""

import os
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from chatbot_site.environment import Environment, key_name, refused
from chatbot_site.logging import LEVELS, logging_config
from chatbot_site.origin import first_name, trusted_origin

django_stubs_ext.monkeypatch()  # lets Django's generic classes be subscripted: ModelForm[Conversation]

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment(BASE_DIR)

# --- What kind of site this is --------------------------------------------------------------------
_KINDS_OF_SITE = ["production", "development"]
if os.environ.get("DJANGO_SETTINGS_MODULE") == "tests.settings":
    _KINDS_OF_SITE.append("test")
APP_ENV = env.choice("APP_ENV", _KINDS_OF_SITE, default="production")
DEVELOPMENT = APP_ENV == "development"
PRODUCTION = APP_ENV == "production"
DEBUG_IS_ASKED_FOR = env.bool("DEBUG", default=False)
DEBUG = DEBUG_IS_ASKED_FOR and DEVELOPMENT
VAR_DIR = env.folder_made("VAR_DIR", default=BASE_DIR / "var")
HOST = env.listen_address("HOST", default="127.0.0.1")  # where `manage.py serve` listens
PORT = env.int("PORT", default=8000, at_least=1, at_most=65_535)

# --- Secrets and hosts: chatbot_site.checks refuses a production start when these are missing or weak ---
SECRET_KEY = env.secret("SECRET_KEY", default="" if PRODUCTION else "development-only-secret-key-never-for-production")
ENCRYPTION_KEY = env.fernet_keys("ENCRYPTION_KEY")
ALLOWED_HOSTS = env.hosts(
    "ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]", "testserver"]
)
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")

# --- HTTPS ----------------------------------------------------------------------------------------
HTTPS = env.bool("HTTPS", default=PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # probes ask from inside, in plain HTTP
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
# Both bind other names than this site's, and preloading cannot be taken back for months: for those who choose it.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # Django's advice to have both
TRUST_PROXY = env.bool("TRUST_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUST_PROXY else 0
# Where links in mails and of shared conversations lead, and what plain HTTP is sent on to; see chatbot_site.origin.
_scheme = "https" if HTTPS else "http"
SITE_ORIGIN = env.origin("SITE_ORIGIN") or trusted_origin(CSRF_TRUSTED_ORIGINS, ALLOWED_HOSTS, _scheme)
if PRODUCTION and (HTTPS or TRUST_PROXY) and not SITE_ORIGIN and first_name(ALLOWED_HOSTS):
    SITE_ORIGIN = f"{_scheme}://{first_name(ALLOWED_HOSTS)}"
SECURE_SSL_HOST = SITE_ORIGIN.partition("://")[2] or None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "chatbot_site.csrf.refused"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

_POLICY: dict[str, Any] = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:", "blob:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
    "manifest-src": [SELF],
}
CONTENT_SECURITY_POLICY = {"DIRECTIVES": _POLICY}

# --- Apps -----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "chatbot_site.apps.SiteConfig",
    "accounts.apps.AccountsConfig",
    "providers.apps.ProvidersConfig",
    "conversations.apps.ConversationsConfig",
    "moderation.apps.ModerationConfig",
    "operations.apps.OperationsConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "channels",
    "csp",
    "django_htmx",
    "heroicons",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
]
MIDDLEWARE = [
    "chatbot_site.middleware.RequestIdMiddleware",
    "chatbot_site.origin.SiteOriginMiddleware",
    "chatbot_site.middleware.Utf8Middleware",
    "django.middleware.security.SecurityMiddleware",
    "chatbot_site.static_files.StaticFilesMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.LanguageMiddleware",
    "accounts.middleware.TimeZoneMiddleware",
    "accounts.middleware.SessionActivityMiddleware",
    "accounts.middleware.LoggedOutMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
if DEVELOPMENT:
    # Behind the log-in: it is for superusers alone.
    _after = MIDDLEWARE.index("django.contrib.auth.middleware.AuthenticationMiddleware") + 1
    MIDDLEWARE.insert(_after, "chatbot_site.debugging.DebugMiddleware")
ROOT_URLCONF = "chatbot_site.urls"
ASGI_APPLICATION = "chatbot_site.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.appearance",
                "conversations.context_processors.features",
                "moderation.context_processors.features",
                "moderation.context_processors.notices",
            ],
        },
    }
]

# --- Data -----------------------------------------------------------------------------------------
_SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(VAR_DIR / "db.sqlite3")}
DATABASES = {"default": env.database("DATABASE_URL", default=_SQLITE)}
DATABASE_POOL_SIZE = env.int("DATABASE_POOL_SIZE", default=20, at_least=1, at_most=10_000)
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    _database["ENGINE"] = "chatbot_site.queued_sqlite3"
    _database["CONN_MAX_AGE"] = None  # opening one and its pragmas cost as much as all queries of a small request
    _database.setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE",  # a writer waits for its turn instead of failing half-way
        timeout=20,
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;"
        "PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=134217728;",
    )
else:
    # A pool, so that no thread holds a connection that it does not need.
    _database.setdefault("OPTIONS", {}).setdefault(
        "pool", {"min_size": 1, "max_size": DATABASE_POOL_SIZE, "timeout": 20}
    )

REDIS_URL = env.redis("REDIS_URL")
if REDIS_URL:
    _REDIS_OPTIONS = {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 2}
    CACHES = {
        "default": {"BACKEND": "chatbot_site.caches.RedisOrHere", "LOCATION": REDIS_URL, "OPTIONS": _REDIS_OPTIONS},
        "limits": {
            "BACKEND": "chatbot_site.caches.LimitsInRedis",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "limits",
            "OPTIONS": _REDIS_OPTIONS,
        },
    }
    CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
    }
else:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "limits": {"BACKEND": "chatbot_site.caches.LimitsHere", "LOCATION": "limits"},
    }
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
# Pages of shared conversations, which may be large. Not in Redis: they could push out what is counted there.
CACHES["pages"] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "pages",
    "OPTIONS": {"MAX_ENTRIES": 40},
}

MEDIA_ROOT = VAR_DIR / "media"
BACKUP_FOLDER = env.path("BACKUP_FOLDER", default="")  # where `manage.py doctor` looks for the last backup
STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=VAR_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, dict[str, Any]] = {
    # Uploaded files are for the account that runs the site alone; Django's own modes let everybody read them.
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {"BACKEND": "chatbot_site.static_files.StaticFilesStorage"},
}
BACKUP_KEY = env.secret("BACKUP_KEY", at_least=16)
_backup_storage = env.python_class("BACKUP_STORAGE")
_backup_options = env.json("BACKUP_STORAGE_OPTIONS", default={})
if _backup_storage:
    STORAGES["backups"] = {"BACKEND": _backup_storage, "OPTIONS": _backup_options}
elif _backup_options:
    raise refused("BACKUP_STORAGE", "is not given, but BACKUP_STORAGE_OPTIONS is", "storages.backends.s3.S3Storage")
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_MAX_AGE = 3600

# --- People ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"accounts.passwords.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
SITE_NAME = env.line("SITE_NAME")
SIGN_UP = env.sign_up("SIGN_UP", default="open")
_BY_DOMAIN = SIGN_UP not in ("open", "closed")  # means nothing unless the address is confirmed
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*" if _BY_DOMAIN else "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if _BY_DOMAIN else "none"
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "add_email": "accounts.forms.EmailForm",
    "user_token": "accounts.reset_links.UserTokenForm",
}
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_CHANGE_EMAIL = ACCOUNT_LOGIN_ON_PASSWORD_RESET = ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = "strict"  # an address may be claimed by many (see accounts/addresses.py)
# "claim" and "mailbox" (see accounts/addresses.py) stand for "confirm_email", where the page says whether a mail goes
# out. The rest are allauth's own.
ACCOUNT_RATE_LIMITS = {"report": "10/5m/ip,50/d/ip", "confirm_email": "", "claim": "3/5m/key", "mailbox": "20/5m/key"}
USERSESSIONS_TRACK_ACTIVITY = False  # accounts.middleware.SessionActivityMiddleware does, once a minute
MODEL_MENU = "providers.models_for_menu"

EMAIL_CONFIG = env.mail_server("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = env.float("EMAIL_TIMEOUT", default=10, at_least=1, at_most=300)  # seconds; a page waits for it
DEFAULT_FROM_EMAIL = env.mail_address("DEFAULT_FROM_EMAIL", default="chat@localhost")

# --- Language and time ----------------------------------------------------------------------------
LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.time_zone("TIME_ZONE", default="Asia/Seoul")

# --- Models and providers -------------------------------------------------------------------------
PROVIDERS: dict[str, dict[str, Any]] = {
    "openai": {
        "class": "providers.openai.OpenAIProvider",
        "api_key": env.key("OPENAI_API_KEY"),
        "base_url": env.url("OPENAI_BASE_URL"),
    },
    "anthropic": {
        "class": "providers.anthropic.AnthropicProvider",
        "api_key": env.key("ANTHROPIC_API_KEY"),
        "base_url": env.url("ANTHROPIC_BASE_URL"),
    },
}
OPENAI_COMPATIBLE_SERVERS = env.servers("OPENAI_COMPATIBLE_SERVERS", taken={*PROVIDERS, "local"})
# The key of a server named vllm is in VLLM_API_KEY, that of gpu-box in GPU_BOX_API_KEY.
OPENAI_COMPATIBLE_KEYS: dict[str, str] = {
    name: env.key(f"{key_name(name)}_API_KEY") for name in OPENAI_COMPATIBLE_SERVERS
}
PROVIDER_DISCOVERY = env.bool(
    "PROVIDER_DISCOVERY", default=DEVELOPMENT
)  # Ollama and LM Studio on their usual local ports
DEFAULT_MODEL = env.word("DEFAULT_MODEL")
RESPONSE_CACHE_SECONDS = env.int("RESPONSE_CACHE_SECONDS", default=3600)
LOCAL_MODEL = env.choice("LOCAL_MODEL", ["auto", "on", "off"], default="auto")
LOCAL_MODEL_DIR = VAR_DIR / "models"
PROVIDER_LIMITS: dict[str, float] = {
    "first_token_seconds": env.float("FIRST_TOKEN_SECONDS", default=120, at_least=0.1),
    "silence_seconds": env.float("SILENCE_SECONDS", default=90, at_least=0.1),
    "total_seconds": env.float("TOTAL_SECONDS", default=1800, at_least=0.1),
    "answer_characters": env.int("ANSWER_CHARACTERS", default=1_000_000, at_least=1),
}

# --- Conversations --------------------------------------------------------------------------------
DEFAULT_TEMPERATURE = 0.7
MAX_TOKENS = env.int("MAX_TOKENS", default=2000, at_least=100, at_most=4000)
MAX_MESSAGE_CHARACTERS = env.int("MAX_MESSAGE_CHARACTERS", default=10_000, at_least=1, at_most=900_000)
SYSTEM_PROMPT = env.str("SYSTEM_PROMPT")
# What looks at a question before it is stored, and at an answer while it is written, as dotted paths; see
# conversations.screening. Empty: nothing does.
QUESTION_SCREEN = "moderation.screening.screen"
INSTRUCTIONS_SCREEN = "moderation.screening.screen_instructions"
ANSWER_SCREEN = "moderation.screening.is_blocked"
SHARING = env.bool("SHARING", default=True)
SHARE_VIEWS_PER_MINUTE = env.int("SHARE_VIEWS_PER_MINUTE", default=120)  # from one address; 0: no limit
TEMPORARY_CHAT_HOURS = env.int("TEMPORARY_CHAT_HOURS", default=24, at_least=1, at_most=87_600)
# Of whose texts OpenAI's moderation is asked, where there is a key for it. "auto": of those that are said to OpenAI's
# models; "all": of everybody's, whichever model answers; "off": of nobody's.
MODERATION_API = env.choice("MODERATION_API", ["auto", "all", "off"], default="auto")
MODERATION_THRESHOLD = env.float("MODERATION_THRESHOLD", default=0.7, at_most=1)
# What people are told of moderators who opened a conversation of theirs: "off", "reason", or "name" (and the reason).
OPENINGS_SHOWN_TO_OWNER = env.choice("OPENINGS_SHOWN_TO_OWNER", ["reason", "name", "off"], default="reason")
DELETED_KEEP_DAYS = env.int("DELETED_KEEP_DAYS", default=30, at_most=36_500)
RETENTION_DAYS = env.days_by_group("RETENTION_DAYS")  # None: for ever; see operations.cleanup.retention
# "web": the process that serves pages also makes answers; "worker": `manage.py run_generations` does.
RUN_GENERATIONS = env.choice("RUN_GENERATIONS", ["web", "worker"], default="web")
CHECKPOINT_SECONDS = 0.25  # how much streamed text the death of a process may cost
HEARTBEAT_TIMEOUT_SECONDS = env.float("HEARTBEAT_TIMEOUT_SECONDS", default=15, at_least=1, at_most=3600)
DRAIN_SECONDS = env.float("DRAIN_SECONDS", default=20, at_most=86_400)
DATA_UPLOAD_MAX_MEMORY_SIZE = (
    8 * 2**20
)  # a million Korean characters, form-encoded, still reach the form's own sentence
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_BYTES", default=20 * 2**20, at_least=1)
FILE_UPLOAD_TEMP_DIR = VAR_DIR  # /tmp may be memory
FILE_UPLOAD_HANDLERS = [
    "conversations.uploads.BoundedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=200 * 2**20, at_least=1, at_most=2**40)
LIMIT_SOCKETS = env.int("LIMIT_SOCKETS", default=20)  # websockets of a person in each process; 0: any number
# What one person may start, 0: any number; see conversations.limits.
LIMIT_OPEN_ANSWERS = env.int("LIMIT_OPEN_ANSWERS", default=3)
LIMIT_MESSAGES_PER_MINUTE = env.int("LIMIT_MESSAGES_PER_MINUTE", default=20)
LIMIT_MESSAGES_PER_DAY = env.int("LIMIT_MESSAGES_PER_DAY", default=500)
LIMIT_CONVERSATIONS_PER_MINUTE = env.int("LIMIT_CONVERSATIONS_PER_MINUTE", default=10)
LIMIT_UPLOAD_BYTES_PER_DAY = env.int("LIMIT_UPLOAD_BYTES_PER_DAY", default=500 * 2**20, at_most=2**40)
LIMIT_EXEMPT_GROUPS = env.list("LIMIT_EXEMPT_GROUPS")

# --- Logging --------------------------------------------------------------------------------------
LOGGING_CONFIG = "logging.config.dictConfig"
LOG_DIR = VAR_DIR / "log"
LOGGING = logging_config(
    level=env.choice("LOG_LEVEL", LEVELS, default="INFO"),
    directory=LOG_DIR,
    style=env.choice("LOG_FORMAT", ["text", "json"], default="text"),
)

# --- The rest of .env -----------------------------------------------------------------------------
env.read_elsewhere |= {"ADMIN_PASSWORD", "POSTGRES_PASSWORD", "TEST_DATABASE_URL", "TEST_REDIS_URL", "REQUIRE_SERVICES"}
env.export_others()
