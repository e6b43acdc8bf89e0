"""Settings: one file, everything that varies comes from the environment (`depositcrm/env.py`)."""

import os
import sys
from pathlib import Path

from csp.constants import NONE, SELF

from depositcrm import env as environment

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = environment.read(command=sys.argv[1] if len(sys.argv) > 1 else "")
VAR = ENV.var
PRODUCTION = ENV.production
DEBUG = False
SECRET_KEY = ENV.secret_key
FIELD_KEYS = ENV.field_keys
ALLOWED_HOSTS = list(ENV.allowed_hosts)
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "core",
    "staff",
    "customers",
    "tiers",
    "servicing",
    "complaints",
    "campaigns",
    "insights",
    "depositcrm",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "csp",
    "pgtrigger",
    "pghistory",
]
# How many proxies of the bank's own stand before this server and add to X-Forwarded-For.
TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", "0"))
MIDDLEWARE = [
    "core.middleware.ClientAddressMiddleware",
    "core.middleware.ErrorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "core.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "staff.middleware.SessionGuardMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "core.history.HistoryMiddleware",
]
ROOT_URLCONF = "depositcrm.urls"
WSGI_APPLICATION = "depositcrm.wsgi.application"
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
                "django.template.context_processors.i18n",
                "depositcrm.shell.shell",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]
FORM_RENDERER = "core.pages.FormRenderer"
# The kinds of rules that the pages of rules offer.
POLICY_KINDS = "depositcrm.policies.KINDS"

DATABASES = {
    "default": {
        **environment.database_config(ENV.database_url),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
BROKER_URL, CACHE_URL = environment.redis_urls(ENV.redis_url)
CACHES = {
    "default": {
        "BACKEND": "core.cache.ForgivingRedisCache",
        "LOCATION": CACHE_URL,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
}

# Celery is the clock and the hands, never the memory: no results, late acknowledgement, ids only.
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 3300
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}
CELERY_VISIBILITY_TIMEOUT = 3600
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# People and sign-in
AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "staff.backends.StaffBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_FORMS = {"login": "staff.forms.SignInForm"}
ACCOUNT_ADAPTER = "staff.adapters.ClosedSignup"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
# django-axes counts failures by person and address; a whole branch may sign in from one address at nine.
ACCOUNT_RATE_LIMITS = {"login_failed": None, "login": None}
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PRESERVE_USERNAME_CASING = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.5  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "errors/locked.html"
AXES_HTTP_RESPONSE_CODE = 429
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "staff.signin.account_of"  # sign-in name and staff number count as one account
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SESSION_IDLE_MINUTES = {"teller": 15, "lobby": 15}
SESSION_IDLE_MINUTES_DEFAULT = 30
SESSION_ABSOLUTE_HOURS = 12
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_HOURS * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_USE_SESSIONS = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION and os.environ.get("SECURE_SSL_REDIRECT", "1") == "1"
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "core.middleware.csrf_failed"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

# Languages and places
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]  # each in its own words, whatever the page's language
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = USE_TZ = True
USE_THOUSAND_SEPARATOR = False

# Files
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
# What browsers ask for at the root by themselves: favicon.ico.
WHITENOISE_ROOT = BASE_DIR / "static" / "root"
STATICFILES_DIRS = [d for d in (BASE_DIR / "static", BASE_DIR / "assets_dist") if d.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    },
}
UPLOADS = VAR / "uploads"
FEED_INBOX = Path(os.environ.get("DEPOSITCRM_INBOX") or VAR / "inbox")
FILE_UPLOAD_HANDLERS = ["core.uploads.SealedUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FEED_MAX_BYTES = 2 * 1024**3
FEED_ADDRESSES = ("/feeds/", "/api/v1/feeds/")
UPLOAD_MAX_BYTES = 200 * 1024**2
# clamd on this machine looks through evidence of complaints; "" = no virus scanner.
CLAMD_SOCKET = os.environ.get("CLAMD_SOCKET", "")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["staff.tokens.TokenAuthentication", "staff.tokens.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["staff.tokens.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": "600/min"},
    "EXCEPTION_HANDLER": "core.api.error_response",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "depositcrm",
    "VERSION": "v1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": ["staff.tokens.IsSignedIn"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.document_errors",
    ],
}
# Letters to the bank's own people, and links in messages to customers. Without a mail server they go to the log.
PUBLIC_URL = os.environ.get("PUBLIC_URL") or f"http://localhost:{os.environ.get('PORT') or 8000}"
BANK_NAME = os.environ.get("BANK_NAME", "")
STAFF_MAIL = os.environ.get("STAFF_MAIL", "")  # such as {staff_no}@mail.bank; empty = people get no mail
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT") or 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_USER", ""), os.environ.get("EMAIL_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("EMAIL_TLS", "") == "1"
EMAIL_TIMEOUT = 10  # seconds; only workers write letters
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM") or "depositcrm@localhost"
# How messages leave the house: "console" writes that one would have left, "" = not set up, nothing leaves, "http" = by
# a provider (core.messaging.provider) at the address and with the key below.
MESSAGE_GATEWAYS = {
    "sms": os.environ.get("SMS_GATEWAY", "" if PRODUCTION else "console"),
    "wecom": os.environ.get("WECOM_GATEWAY", "" if PRODUCTION else "console"),
    "email": os.environ.get("SURVEY_MAIL", "" if PRODUCTION and not EMAIL_HOST else "mail"),
}
MESSAGE_PROVIDERS = {
    "sms": {"url": os.environ.get("SMS_URL", ""), "key": os.environ.get("SMS_KEY", "")},
    "wecom": {"url": os.environ.get("WECOM_URL", ""), "key": os.environ.get("WECOM_KEY", "")},
}
# What a provider must show to report receipts; empty = none are taken.
RECEIPTS_TOKEN = os.environ.get("RECEIPTS_TOKEN", "")
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django.request": {"level": "ERROR"}, "axes": {"level": "WARNING"}},
}
