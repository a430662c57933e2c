"""Django's settings; everything that differs between installations comes from `environment()`."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from kentongan.config.email import email_settings
from kentongan.config.environment import environment
from kentongan.core import keyring
from kentongan.core.postgres import Cluster

django_stubs_ext.monkeypatch()  # generic base classes such as TextField[str, str] exist at run time too

ENVIRONMENT = environment()
KENTONGAN_HOME = ENVIRONMENT.home
KENTONGAN_SECRET_DIR = ENVIRONMENT.secret_dir
KENTONGAN_ALLOW_LOCAL_NETWORK = ENVIRONMENT.allow_local_network
KENTONGAN_WEB_THREADS = ENVIRONMENT.web_threads
KENTONGAN_BLUESKY_URL = ENVIRONMENT.bluesky_url
KENTONGAN_TELEGRAM_URL = ENVIRONMENT.telegram_url
KENTONGAN_FFMPEG = ENVIRONMENT.ffmpeg
KENTONGAN_VISIT_ACCOUNTS = ENVIRONMENT.visit_accounts
KENTONGAN_KEEP_DAYS = ENVIRONMENT.keep_days
KENTONGAN_UNCONFIRMED_DAYS = ENVIRONMENT.unconfirmed_days
PUBLIC_URL = ENVIRONMENT.public_url
DEBUG = ENVIRONMENT.debug
SECRET_KEY, *SECRET_KEY_FALLBACKS = keyring.load(KENTONGAN_SECRET_DIR).signing
ALLOWED_HOSTS = [urlsplit(PUBLIC_URL).hostname or "localhost", "localhost", "127.0.0.1", *ENVIRONMENT.allowed_hosts]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

ROOMS = [
    "kentongan.core",
    "kentongan.channels",
    "kentongan.channels.newsroom",
    "kentongan.safeguards",
    "kentongan.registry",
    "kentongan.listening",
    "kentongan.planning",
    "kentongan.publishing",
    "kentongan.missions",
    "kentongan.gatherings",
    "kentongan.insights",
    "kentongan.web",
]
INSTALLED_APPS = [
    *ROOMS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "ninja",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kentongan.core.middleware.nul_middleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "kentongan.core.middleware.language_middleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "kentongan.core.middleware.actor_middleware",
    "kentongan.core.middleware.ErrorMiddleware",
]

ROOT_URLCONF = "kentongan.config.urls"
WSGI_APPLICATION = "kentongan.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kentongan.web.context.shell",
            ],
        },
    },
]

DATABASES: dict[str, dict[str, Any]] = {
    "default": ENVIRONMENT.database() | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
}
KENTONGAN_DATABASE_OWNER: dict[str, Any] = ENVIRONMENT.database("owner")
KENTONGAN_CLUSTER: Cluster | None = ENVIRONMENT.cluster if ENVIRONMENT.embedded else None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},  # with Django's 300, strangers who look things up would empty it
    }
}

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "kentongan.core.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # the password, an app or a passkey once more before the address changes
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody gets a letter from here who is not in here
ACCOUNT_FORMS = {"add_email": "kentongan.web.identity.NewAddressForm"}
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Kentongan: "
MFA_ADAPTER = "kentongan.core.accounts.SecondStepAdapter"
MFA_FORMS = {
    "authenticate": "kentongan.web.identity.SecondStepForm",
    "reauthenticate": "kentongan.web.identity.ConfirmForm",
    "activate_totp": "kentongan.web.identity.SetUpAppForm",
    "login_webauthn": "kentongan.web.identity.PasskeyForm",
    "add_webauthn": "kentongan.web.identity.AddPasskeyForm",
    "edit_webauthn": "kentongan.web.identity.RenamePasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # administrators make every account; nobody can sign up with an address of others
MFA_TOTP_ISSUER = "Kentongan"
MFA_TOTP_TOLERANCE = 1  # a code still counts when it changes while it is typed
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG or not PUBLIC_URL.startswith("https://")

LANGUAGE_CODE = "id"
LANGUAGES = [("id", _("Indonesian")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "language"
TIME_ZONE = "Asia/Jakarta"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False  # ids and attributes are numbers too; what people read goes through `|number`

STATIC_URL = "/static/"
KENTONGAN_PRINT_FONTS = Path(__file__).resolve().parent.parent / "web" / "static" / "vendor"  # by `make install`
STATIC_ROOT = Path(__file__).resolve().parent.parent / "web" / "collected"  # by `make install`; in the wheel
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": KENTONGAN_HOME / "media"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
WHITENOISE_MANIFEST_STRICT = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

SECURE = PUBLIC_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.behind_proxy else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "media-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

globals().update(email_settings(ENVIRONMENT.email_url, ENVIRONMENT.email_from, KENTONGAN_HOME))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"}},
    "filters": {"tokens": {"()": "kentongan.config.logs.HideTokens"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["tokens"]}},
    "root": {"handlers": ["console"], "level": ENVIRONMENT.log_level.upper()},
    "loggers": {
        "django.request": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},
    },
}
