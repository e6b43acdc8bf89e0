# The production image: web, workers, scheduler and one-shot commands all run from it; compose.yaml shows how.
FROM node:22-bookworm-slim AS assets
WORKDIR /build/frontend
COPY frontend/ ./
RUN npm ci --ignore-scripts && node copy.mjs

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TZ=Asia/Shanghai \
    DEPOSITCRM_ENV=production DEPOSITCRM_VAR=/var/lib/depositcrm
# What WeasyPrint lays letters out with, and a Chinese typeface; without them letters are printed from the browser.
RUN apt-get update && apt-get install -y --no-install-recommends \
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-wqy-microhei && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home depositcrm \
    && install -d -o depositcrm -g depositcrm /var/lib/depositcrm /var/lib/depositcrm/uploads /var/lib/depositcrm/inbox
WORKDIR /srv/depositcrm
COPY requirements/base.lock requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/base.lock
COPY . .
COPY --from=assets /build/assets_dist assets_dist
RUN python tools/translations.py compile
USER depositcrm
# Settings refuse to load without these; none of them is used or kept by this command.
RUN DATABASE_URL=postgres://build@localhost/build REDIS_URL=redis://localhost \
    SECRET_KEY=only-for-the-build-of-this-image-never-used-afterwards \
    FIELD_KEYS="k1:$(head -c 32 /dev/zero | base64),index:$(head -c 32 /dev/zero | base64)" ALLOWED_HOSTS=localhost \
    python manage.py collectstatic --no-input --verbosity 0
EXPOSE 8000
CMD ["gunicorn", "--config", "deploy/gunicorn.py", "depositcrm.wsgi"]
