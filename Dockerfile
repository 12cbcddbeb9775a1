# otpost as a container image: one binary and the trust store, on a base with glibc.
#
#   docker build -t otpost .
#   docker run --read-only -p 127.0.0.1:8080:8080 -v otpost-data:/data otpost
#
# Any base with the glibc of Debian 12 or newer and libgcc will do, also one without a shell; name it with --build-arg BASE=….
ARG BASE=debian:bookworm-slim

FROM rust:1.95.0-bookworm AS build
# The image's own toolchain, so that rust-toolchain.toml downloads nothing.
ENV RUSTUP_TOOLCHAIN=1.95.0 CARGO_TERM_COLOR=never
WORKDIR /build

# The dependencies alone, behind an empty program: this layer stays until Cargo.toml, Cargo.lock or build.rs changes. The build
# script is there for its own dependencies, and finds the files that it compresses empty.
COPY Cargo.toml Cargo.lock build.rs ./
RUN mkdir -p docs src/http/docs && echo 'fn main() {}' > src/main.rs \
    && touch docs/openapi.json src/lib.rs src/http/docs/index.html src/http/docs/start.js \
    && cargo build --release --locked \
    && rm -r src

# Statements are checked against .sqlx: no database is needed, and none is asked.
COPY sqlx.toml ./
COPY .sqlx .sqlx
COPY migrations migrations
COPY config config
COPY docs/openapi.json docs/openapi.json
COPY src src
# Newer than the empty program, whatever times the checkout gave the files.
RUN touch docs/openapi.json src/main.rs src/lib.rs src/http/docs/* \
    && cargo build --release --locked --bin otpost \
    && mkdir -p /image/data \
    && cp target/release/otpost /image/otpost

FROM ${BASE}
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /image/otpost /otpost
# SQLite and the keys file live in the volume; nothing else is written. The numbers are nobody's in particular.
COPY --from=build --chown=65532:65532 /image/data /data
VOLUME /data
USER 65532:65532
# "data/otpost.db", the default, is /data/otpost.db from here; DATABASE_URL still wins.
WORKDIR /
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    OTPOST_SERVER__LISTEN=0.0.0.0:8080 \
    OTPOST_SERVER__OPERATIONS_LISTEN=0.0.0.0:9090 \
    OTPOST_KEYS__FILE=/data/keys.toml
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=10s CMD ["/otpost", "healthcheck"]
ENTRYPOINT ["/otpost"]
CMD ["serve"]
