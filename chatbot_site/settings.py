"""Settings of the whole site, all in this file. What differs between sites comes from the environment.

Variables in the environment win over the file named by ENV_FILE (default: .env beside manage.py). Each variable NAME
may instead be given as NAME_FILE, a path whose content is the value. `.env.example` explains every one of them.
"""

import os
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from chatbot_site.environment import Environment, key_name
from chatbot_site.logging import logging_config

django_stubs_ext.monkeypatch()  # lets Django's generic classes be subscripted: ModelForm[Conversation]

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
_env_file = BASE_DIR / os.environ.get("ENV_FILE", ".env")
if _env_file.is_file():
    env.read_env(str(_env_file))

# --- What kind of site this is --------------------------------------------------------------------
APP_ENV = env.str("APP_ENV", default="production")
DEVELOPMENT = APP_ENV == "development"
PRODUCTION = APP_ENV == "production"
DEBUG = DEVELOPMENT and env.bool("DEBUG", default=False)
VAR_DIR = BASE_DIR / env.str("VAR_DIR", default="var")
VAR_DIR.mkdir(parents=True, exist_ok=True)

# --- Secrets and hosts: chatbot_site.checks refuses a production start when these are missing or weak ---
SECRET_KEY = env.str("SECRET_KEY", default="" if PRODUCTION else "development-only-secret-key-never-for-production")
ENCRYPTION_KEY = env.str("ENCRYPTION_KEY", default="")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]", "testserver"]
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- HTTPS ----------------------------------------------------------------------------------------
HTTPS = env.bool("HTTPS", default=PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # probes ask from inside, in plain HTTP
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
TRUST_PROXY = env.bool("TRUST_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUST_PROXY else 0
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
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
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
        "pool", {"min_size": 1, "max_size": env.int("DATABASE_POOL_SIZE", default=20), "timeout": 20}
    )

REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    _REDIS_OPTIONS = {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 2}
    CACHES = {
        "default": {"BACKEND": "chatbot_site.caches.RedisOrHere", "LOCATION": REDIS_URL, "OPTIONS": _REDIS_OPTIONS}
    }
    CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

MEDIA_ROOT = VAR_DIR / "media"
BACKUP_FOLDER = env.str("BACKUP_FOLDER", default="")  # where `manage.py doctor` looks for the last backup
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / env.str("STATIC_ROOT", default=str(VAR_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "chatbot_site.static_files.StaticFilesStorage"},
}
BACKUP_KEY = env.str("BACKUP_KEY", default="")
if _backup_storage := env.str("BACKUP_STORAGE", default=""):
    STORAGES["backups"] = {"BACKEND": _backup_storage, "OPTIONS": env.json("BACKUP_STORAGE_OPTIONS", default={})}
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
SITE_NAME = env.str("SITE_NAME", default="")
SIGN_UP = env.str("SIGN_UP", default="open")
_BY_DOMAIN = SIGN_UP.strip().lower() not in ("", "open", "closed")  # means nothing unless the address is confirmed
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
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"report": "10/5m/ip,50/d/ip"}  # the rest are allauth's own
USERSESSIONS_TRACK_ACTIVITY = False  # accounts.middleware.SessionActivityMiddleware does, once a minute
MODEL_MENU = "providers.models_for_menu"

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="chat@localhost")

# --- Language and time ----------------------------------------------------------------------------
LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="Asia/Seoul")

# --- Models and providers -------------------------------------------------------------------------
PROVIDERS: dict[str, dict[str, Any]] = {
    "openai": {
        "class": "providers.openai.OpenAIProvider",
        "api_key": env.str("OPENAI_API_KEY", default=""),
        "base_url": env.str("OPENAI_BASE_URL", default=""),
    },
    "anthropic": {
        "class": "providers.anthropic.AnthropicProvider",
        "api_key": env.str("ANTHROPIC_API_KEY", default=""),
        "base_url": env.str("ANTHROPIC_BASE_URL", default=""),
    },
}
_servers = [
    entry.partition("=") for entry in env.str("OPENAI_COMPATIBLE_SERVERS", default="").split(",") if entry.strip()
]
OPENAI_COMPATIBLE_SERVERS: dict[str, str] = {name.strip(): address.strip() for name, _sign, address in _servers}
# The key of a server named vllm is in VLLM_API_KEY, that of gpu-box in GPU_BOX_API_KEY.
OPENAI_COMPATIBLE_KEYS: dict[str, str] = {
    name: env.str(f"{key_name(name)}_API_KEY", default="").strip() for name in OPENAI_COMPATIBLE_SERVERS
}
PROVIDER_DISCOVERY = env.bool(
    "PROVIDER_DISCOVERY", default=DEVELOPMENT
)  # Ollama and LM Studio on their usual local ports
DEFAULT_MODEL = env.str("DEFAULT_MODEL", default="")
RESPONSE_CACHE_SECONDS = env.int("RESPONSE_CACHE_SECONDS", default=3600)
LOCAL_MODEL = env.str("LOCAL_MODEL", default="auto")
LOCAL_MODEL_DIR = VAR_DIR / "models"
PROVIDER_LIMITS: dict[str, float] = {
    "first_token_seconds": env.float("FIRST_TOKEN_SECONDS", default=120),
    "silence_seconds": env.float("SILENCE_SECONDS", default=90),
    "total_seconds": env.float("TOTAL_SECONDS", default=1800),
    "answer_characters": env.int("ANSWER_CHARACTERS", default=1_000_000),
}

# --- Conversations --------------------------------------------------------------------------------
DEFAULT_TEMPERATURE = 0.7
MAX_TOKENS = env.int("MAX_TOKENS", default=2000)
MAX_MESSAGE_CHARACTERS = env.int("MAX_MESSAGE_CHARACTERS", default=10_000)
SYSTEM_PROMPT = env.str("SYSTEM_PROMPT", default="")
# What looks at a question before it is stored, and at an answer while it is written, as dotted paths; see
# conversations.screening. Empty: nothing does.
QUESTION_SCREEN = "moderation.screening.screen"
ANSWER_SCREEN = "moderation.screening.is_blocked"
SHARING = env.bool("SHARING", default=True)
TEMPORARY_CHAT_HOURS = env.int("TEMPORARY_CHAT_HOURS", default=24)
# What people are told of moderators who opened a conversation of theirs: "off", "reason", or "name" (and the reason).
# Of whose texts OpenAI's moderation is asked, where there is a key for it. "auto": of those that are said to OpenAI's
# models; "all": of everybody's, whichever model answers; "off": of nobody's.
MODERATION_API = env.str("MODERATION_API", default="auto")
MODERATION_THRESHOLD = env.float("MODERATION_THRESHOLD", default=0.7)
OPENINGS_SHOWN_TO_OWNER = env.str("OPENINGS_SHOWN_TO_OWNER", default="reason")
DELETED_KEEP_DAYS = env.int("DELETED_KEEP_DAYS", default=30)
RETENTION_DAYS = env.str("RETENTION_DAYS", default="")  # read by operations.cleanup.retention
# "web": the process that serves pages also makes answers; "worker": `manage.py run_generations` does.
RUN_GENERATIONS = env.str("RUN_GENERATIONS", default="web")
CHECKPOINT_SECONDS = 0.25  # how much streamed text the death of a process may cost
HEARTBEAT_TIMEOUT_SECONDS = env.float("HEARTBEAT_TIMEOUT_SECONDS", default=15)
DRAIN_SECONDS = env.float("DRAIN_SECONDS", default=20)
DATA_UPLOAD_MAX_MEMORY_SIZE = (
    8 * 2**20
)  # a million Korean characters, form-encoded, still reach the form's own sentence
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_BYTES", default=20 * 2**20)
FILE_UPLOAD_HANDLERS = [
    "conversations.uploads.BoundedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=200 * 2**20)

# --- Logging --------------------------------------------------------------------------------------
LOGGING_CONFIG = "logging.config.dictConfig"
LOG_DIR = VAR_DIR / "log"
LOGGING = logging_config(
    level=env.str("LOG_LEVEL", default="INFO"), directory=LOG_DIR, style=env.str("LOG_FORMAT", default="text")
)
