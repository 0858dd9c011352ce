// Verdict of a message rate: what becomes of one more message of a connection.

/** Take the message, drop it, drop it and tell the client, or close the connection. */
export type RateVerdict = "take" | "drop" | "drop and say so" | "close";
