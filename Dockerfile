# The server as an image: docker build -t classwire .   (compose.yaml runs two of them with what they need)

FROM node:24-slim AS build
WORKDIR /app
# The packages first: this layer is rebuilt only when the lock file or the setup changes.
COPY package.json package-lock.json ./
COPY scripts scripts
RUN node scripts/bootstrap.mjs
COPY tsconfig.json tsconfig.build.json prisma.config.* ./
COPY prisma prisma
COPY src src
RUN node scripts/bootstrap.mjs build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/prisma prisma
COPY --from=build /app/dist dist
# The embedded database, where no DATABASE_URL is set.
RUN mkdir .data && chown node:node .data
VOLUME /app/.data
USER node
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "const port = (process.env.PORT || '8080').split(',')[0]; fetch(`http://127.0.0.1:${port}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1: SIGTERM reaches it, and it ends within 10 s (docker stop waits 10 s: give it --time 15).
CMD ["node", "--enable-source-maps", "dist/main.js"]
