# One image for the whole system; which service a container is, its command says:
#   docker build -t callwire . && docker run callwire node services/dialer/src/main.ts
# There is no build step: Node runs the TypeScript as it is, which it would refuse to do below node_modules. So the
# workspace is installed in place rather than deployed into a folder of its own.
ARG NODE_IMAGE=node:24-bookworm-slim

# What runs, readable for the user below even where a strict umask made the clone its owner's alone.
FROM ${NODE_IMAGE} AS sources
WORKDIR /app
COPY scripts/compose/healthcheck*.mjs scripts/compose/
COPY packages packages
COPY services services
RUN chmod -R u=rwX,go=rX .

# What dependencies follow from, and nothing else: a changed source file leaves the next stage's layer as it was.
FROM sources AS manifests
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml .npmrc ./
RUN find packages services -type f ! -name package.json -delete \
    && rm -r scripts \
    && chmod -R u=rwX,go=rX .

FROM ${NODE_IMAGE} AS dependencies
# A base image that brings certificates of its own (a company's proxy) is believed.
ENV NODE_USE_SYSTEM_CA=1
RUN command -v pnpm || npm install -g pnpm@10.34.9
WORKDIR /app
COPY --from=manifests /app ./
# The stores are other containers here: the embedded ones stay out.
RUN pnpm install --frozen-lockfile --prod --reporter=append-only \
      --filter-prod '{./services/*}...' \
      --filter-prod '@callwire/cli...' \
      --filter-prod '@callwire/launcher...' \
      --filter-prod '!@callwire/stores' \
    && rm -rf "$(pnpm store path)"

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
# Made here, so that a volume mounted over it belongs to the user below.
RUN install -d -o node -g node -m 0700 /var/lib/callwire /var/lib/callwire/recordings
COPY --from=dependencies /app ./
COPY --from=sources /app ./
# Its files belong to root: a service cannot change its own code.
USER node
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "scripts/compose/healthcheck.mjs"]
CMD ["node", "services/gateway/src/main.ts"]
