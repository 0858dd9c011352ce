// Writing straight to the libuv handle of a TCP socket, past Node's streams: what the kernel takes at once, as it nearly always does,
// needs no queue, no callback and no request there. All of it is Node's own inside; where that looks different, streams are used.
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** What became of a write: the kernel has it, has taken a part and will take the rest, or the socket is broken. */
export type DirectWrite = "taken" | "waiting" | "broken";

/** Writes to TCP sockets. */
export interface DirectWriter {
  /** Whether sockets like this one can be written to. */
  serves(socket: Duplex): boolean;
  /**
   * Writes to a socket that it serves; undefined where the stream has something to write first, or the socket is closed.
   * @param owner told once, later, when the kernel has taken the rest, or never will; only after `"waiting"`
   */
  write(socket: Duplex, bytes: Buffer, owner: DirectWriteOwner): DirectWrite | undefined;
}

/** Whose write it is. */
export interface DirectWriteOwner {
  written(): void;
}

/** Node's request of a write (lib/internal/stream_base_commons.js). */
interface WriteRequest {
  oncomplete?: (status: number) => void;
  handle?: Handle;
  /** Kept while libuv reads it. */
  buffer?: Buffer;
}
interface Handle {
  /** 0, or the number of an error. */
  writeBuffer(request: WriteRequest, bytes: Buffer): number;
}
interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest;
  readonly kLastWriteWasAsync: number;
  /** What the last write of any stream came to, by the index above. */
  readonly streamBaseState: Readonly<Record<number, number>>;
}
type SocketInside = Socket & { readonly _handle?: Handle | null; readonly encrypted?: boolean };

/** The writer, or undefined where this Node has nothing of the kind. */
export function createDirectWriter(): DirectWriter | undefined {
  const binding = bindingOf();
  if (binding === undefined) return undefined;
  const { WriteWrap, streamBaseState, kLastWriteWasAsync } = binding;
  /** A request is used up by a write that has to wait; all others leave it as it is. */
  let request = new WriteWrap();
  return {
    serves(socket) {
      const { _handle: handle, encrypted } = socket as SocketInside;
      return socket instanceof Socket && encrypted !== true && typeof handle?.writeBuffer === "function";
    },
    write(socket, bytes, owner) {
      const { _handle: handle, writableLength, writableCorked, writable } = socket as SocketInside;
      if (!handle || writableLength > 0 || writableCorked > 0 || !writable) return undefined;
      if (handle.writeBuffer(request, bytes) !== 0) {
        request = new WriteWrap();
        return "broken";
      }
      if (streamBaseState[kLastWriteWasAsync] === 0) return "taken";
      request.handle = handle;
      request.buffer = bytes;
      request.oncomplete = () => owner.written();
      request = new WriteWrap();
      return "waiting";
    },
  };
}

function bindingOf(): StreamBinding | undefined {
  try {
    const { binding } = process as unknown as { binding?: (name: string) => Partial<StreamBinding> };
    const found = binding?.call(process, "stream_wrap");
    const { WriteWrap, kLastWriteWasAsync, streamBaseState } = found ?? {};
    const isKnown = typeof WriteWrap === "function" && typeof kLastWriteWasAsync === "number" && streamBaseState;
    return isKnown ? { WriteWrap, kLastWriteWasAsync, streamBaseState } : undefined;
  } catch {
    return undefined; // not allowed, under Node's permission model
  }
}
