-- CreateTable
CREATE TABLE "topics" (
    "id" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "position" INTEGER NOT NULL,

    CONSTRAINT "topics_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "chapters" (
    "topic_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "position" INTEGER NOT NULL,

    CONSTRAINT "chapters_pkey" PRIMARY KEY ("topic_id","id")
);

-- CreateTable
CREATE TABLE "chapter_progress" (
    "user_id" TEXT NOT NULL,
    "topic_id" TEXT NOT NULL,
    "chapter_id" TEXT NOT NULL,
    "completed" BOOLEAN NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "chapter_progress_pkey" PRIMARY KEY ("user_id","topic_id","chapter_id")
);

-- CreateTable
CREATE TABLE "quiz_results" (
    "id" SERIAL NOT NULL,
    "user_id" TEXT NOT NULL,
    "topic_id" TEXT NOT NULL,
    "chapter_id" TEXT NOT NULL,
    "score" INTEGER NOT NULL,
    "total_questions" INTEGER NOT NULL,
    "passed" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "quiz_results_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_sessions" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "run_sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "study_time" (
    "user_id" TEXT NOT NULL,
    "course_id" TEXT NOT NULL,
    "millis" BIGINT NOT NULL DEFAULT 0,
    "covered_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "study_time_pkey" PRIMARY KEY ("user_id","course_id")
);

-- CreateTable
CREATE TABLE "channels" (
    "name" TEXT NOT NULL,
    "head" BIGINT NOT NULL DEFAULT 0,
    "oldest" BIGINT NOT NULL DEFAULT 1,

    CONSTRAINT "channels_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "channel_events" (
    "channel" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "id" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "data" JSON NOT NULL,
    "key" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "channel_events_pkey" PRIMARY KEY ("channel","seq")
);

-- CreateTable
CREATE TABLE "channel_cursors" (
    "user_id" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "channel_cursors_pkey" PRIMARY KEY ("user_id","channel")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "caller" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "body_hash" TEXT NOT NULL,
    "status" INTEGER,
    "answer" JSON,
    "node" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("caller","path","key")
);

-- CreateTable
CREATE TABLE "raw_sessions" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "dialect" TEXT NOT NULL,
    "node" TEXT NOT NULL,
    "rooms" TEXT[],
    "cursors" JSON NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "raw_sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "revocations" (
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "before" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "revocations_pkey" PRIMARY KEY ("kind","subject")
);

-- CreateTable
CREATE TABLE "settings" (
    "name" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "settings_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "quiz_results_user_id_id_idx" ON "quiz_results"("user_id", "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "channel_events_id_key" ON "channel_events"("id");

-- CreateIndex
CREATE UNIQUE INDEX "channel_events_key_key" ON "channel_events"("key");

-- CreateIndex
CREATE INDEX "channel_events_created_at_idx" ON "channel_events"("created_at");

-- CreateIndex
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys"("created_at");

-- CreateIndex
CREATE INDEX "raw_sessions_user_id_dialect_idx" ON "raw_sessions"("user_id", "dialect");

-- AddForeignKey
ALTER TABLE "chapters" ADD CONSTRAINT "chapters_topic_id_fkey" FOREIGN KEY ("topic_id") REFERENCES "topics"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chapter_progress" ADD CONSTRAINT "chapter_progress_topic_id_chapter_id_fkey" FOREIGN KEY ("topic_id", "chapter_id") REFERENCES "chapters"("topic_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "quiz_results" ADD CONSTRAINT "quiz_results_topic_id_chapter_id_fkey" FOREIGN KEY ("topic_id", "chapter_id") REFERENCES "chapters"("topic_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The identity of this database: another database, another epoch, so that offsets of one never pass for offsets of another
INSERT INTO "settings" ("name", "value") VALUES ('epoch', gen_random_uuid()::text);
