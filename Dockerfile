# One image for the code, the webserver and the daemon; what lasts is in /data and in Postgres.
FROM python:3.11-slim

RUN useradd --create-home --uid 1000 taobooks \
    && install -d -o taobooks /app /data /data/dagster
WORKDIR /app

COPY requirements-server.lock ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements-server.lock

COPY --chown=taobooks . .
RUN pip install --no-cache-dir --no-deps --editable .

USER taobooks
RUN python -m orchestration.defs.warehouse.project \
    && python -m mechanics.engine \
    && python -m orchestration.ledger

ENV TAOBOOKS_HOME=/data DAGSTER_HOME=/data/dagster
VOLUME /data
