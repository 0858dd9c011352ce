-- Events that retention has taken out of their channels, for as long as their keys are good.
CREATE TABLE "expired_events" (
    "channel" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "id" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "data" JSON NOT NULL,
    "key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "expired_events_pkey" PRIMARY KEY ("key")
);

CREATE INDEX "expired_events_created_at_idx" ON "expired_events"("created_at");
