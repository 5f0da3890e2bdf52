# The site as one image: docker build -t chat . && docker run -p 8000:8000 --env-file .env -v chat-data:/data chat
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    VAR_DIR=/data \
    STATIC_ROOT=/app/static-collected \
    LOCAL_MODEL=off

# Providers are reached over HTTPS, some of them behind a company's own certificates.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin chat \
    && install --directory --owner=chat --group=chat --mode=700 /data /backups

WORKDIR /app
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY . .
# Done here, so that a container starts at once and needs to write nowhere but in /data.
RUN VAR_DIR=/tmp/build APP_ENV=development python manage.py compilemessages \
    && VAR_DIR=/tmp/build APP_ENV=development python manage.py collectstatic --noinput \
    && python -m compileall -q accounts chatbot_site conversations moderation operations providers \
    && rm -rf /tmp/build

USER chat
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 CMD ["python", "scripts/probe.py"]
# Brings the database up to date first. Where several containers start at once, run `manage.py migrate` before them
# and leave --migrate out, as docker-compose.yml does.
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--migrate"]
