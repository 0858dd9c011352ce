-- Channels and run sessions that nobody has used for long go, those of now count as used now. The default is one value for all
-- rows, which PostgreSQL keeps beside the table: no row is rewritten. Nodes of 0.2 insert without these columns.
ALTER TABLE "channels" ADD COLUMN     "trimmed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE "run_sessions" ADD COLUMN     "used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- Each node asks for the newest revocations every 30 s, and deletes the oldest. 300 000 rows: a second, in which none is added.
CREATE INDEX "revocations_created_at_idx" ON "revocations"("created_at");
