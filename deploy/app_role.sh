#!/bin/sh
# The application's own database role: it may not change the schema, nor touch the trail once written (manage.py prepare grants).
# Run once by the PostgreSQL image when the cluster is made.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$APP_DB_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE depositcrm_app LOGIN PASSWORD :'password';
SQL
