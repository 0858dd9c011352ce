// What is known of a connection before it is admitted, the same for every transport.
import type { Namespace } from "../contract/namespaces.ts";
import type { Query } from "./request.ts";
import type { ConnectionTraits } from "./traits.ts";

/** A connection that asks to be admitted. */
export interface AdmissionRequest {
  namespace: Namespace;
  traits: ConnectionTraits;
  /** The connection's id, unique over all nodes; its slots are held in its name. */
  connection: string;
  /** The token as the client gave it; never logged. */
  token: string | undefined;
  /** Query parameters; one that was given twice is an array and refused. */
  query: Readonly<Query>;
  /** Handshake `auth` of Socket.IO clients. */
  auth: Readonly<Record<string, unknown>>;
  /** The peer's address, for the rate of bad tokens. */
  address: string;
}
