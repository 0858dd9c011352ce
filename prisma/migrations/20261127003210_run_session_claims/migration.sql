-- AlterTable
ALTER TABLE "run_sessions" ADD COLUMN     "claimed" BOOLEAN NOT NULL DEFAULT false;
