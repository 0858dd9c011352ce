// The one error that Redis being away ends in; it never leaves the cluster.

/** Redis did not answer, or not to this session of the node: decide without it. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}
