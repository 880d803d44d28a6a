"""gunicorn for the bare views, as ``gunicorn.conf.py`` has it for the application, without jobs."""

import os

bind = f"127.0.0.1:{os.environ['PORT']}"
workers = 1
worker_class = "gthread"
threads = 32
timeout = 30
keepalive = 95
preload_app = False
control_socket_disable = True
accesslog = None
