// The id of a node.
import { randomBytes } from "node:crypto";

/** 16 hexadecimal digits, another at each start. */
export const newNodeId = (): string => randomBytes(8).toString("hex");
