// Conveniences of a development start: ready-made tokens, and the lines that say where the server is. Never in production.
import jwt from "jsonwebtoken";
import type { Config } from "../config/config.ts";

/** A ready-made token. */
export interface DevelopmentToken {
  /** Its name in the console. */
  label: string;
  userId: string;
  role: "user" | "service";
  token: string;
}

const USERS = [
  { label: "learner", userId: "123", name: "Lin", role: "user" },
  { label: "second learner", userId: "456", name: "Mei", role: "user" },
  { label: "service", userId: "1", name: "backend", role: "service" },
] as const;

/** Tokens for a learner, a second learner and a service, valid for a week; none where only a public key is known. */
export function developmentTokens({ auth }: Pick<Config, "auth">): DevelopmentToken[] {
  const { key, issuer, audience } = auth;
  if (key.alg !== "HS256") return [];
  const options = {
    algorithm: key.alg,
    expiresIn: "7d",
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  } as const;
  return USERS.map(({ label, userId, name, role }) => ({
    label,
    userId,
    role,
    token: jwt.sign({ sub: userId, name, role }, key.secret, options),
  }));
}

/** The lines that a development start prints. */
export function welcome(urls: readonly string[], tokens: readonly DevelopmentToken[]): string {
  const lines = tokens.map(({ label, userId, token }) => `  ${label} (user ${userId})\n    ${token}`);
  return [
    "",
    `  Classwire is at ${urls.join(" and ")}`,
    "  Open it in a browser, or use these tokens:",
    ...lines,
    "",
  ].join("\n");
}
