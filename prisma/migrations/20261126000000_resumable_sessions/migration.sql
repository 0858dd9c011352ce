-- The state of raw connections is that of resumable sessions, in the code and here.
ALTER TABLE "raw_sessions" RENAME TO "resumable_sessions";
ALTER TABLE "resumable_sessions" RENAME CONSTRAINT "raw_sessions_pkey" TO "resumable_sessions_pkey";
ALTER INDEX "raw_sessions_user_id_dialect_idx" RENAME TO "resumable_sessions_user_id_dialect_idx";

-- Nodes of 0.1.0, which still run while an upgrade rolls, know the old name.
CREATE VIEW "raw_sessions" AS SELECT * FROM "resumable_sessions";
