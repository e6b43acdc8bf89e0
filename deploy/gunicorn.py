"""The web server in production, behind a proxy that ends TLS and sets X-Forwarded-Proto."""

import os

bind = "0.0.0.0:8000"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2 * (os.cpu_count() or 1) + 1)
threads = 4
preload_app = True
timeout = 60
graceful_timeout = 30
max_requests = 5000
max_requests_jitter = 500
worker_tmp_dir = "/dev/shm"  # noqa: S108  memory, not disk: the heartbeat must never wait for one
control_socket_disable = True
