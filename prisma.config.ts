// What Prisma's own commands need to know (`npx prisma studio`, `migrate status`, `migrate deploy`); the server does not read it.
import { defineConfig } from "prisma/config";

const url = process.env["DATABASE_URL"];

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  // `prisma generate` needs no database, so it must work without one.
  ...(url === undefined ? {} : { datasource: { url } }),
});
