# razz in a container: built in one stage, run in another without compilers, as a user without rights,
# on a root file system that may be read-only. `docker build -t razz .`

FROM node:22-bookworm-slim AS web
WORKDIR /src
COPY web/package.json web/package-lock.json web/.npmrc web/
RUN cd web && npm ci --no-audit --no-fund
COPY web web
COPY docs docs
RUN cd web && npm run build

FROM rust:1-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends cmake clang nasm && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
COPY --from=web /src/web/dist web/dist
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked --package razz && cp target/release/razz /razz && strip /razz

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends libstdc++6 ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin razz \
    && install -d -o razz -g razz -m 0750 /data /config
COPY --from=build /razz /usr/local/bin/razz
COPY --chown=razz:razz packaging/razz.toml /config/razz.toml
USER 10001:10001
ENV RAZZ_CACHE=/data
VOLUME ["/config", "/data"]
EXPOSE 8003/tcp 8083/tcp 8189/udp 8189/tcp
STOPSIGNAL SIGTERM
ENTRYPOINT ["razz"]
CMD ["serve", "--config", "/config/razz.toml"]
