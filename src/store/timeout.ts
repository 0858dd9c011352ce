// A limit on how long to wait for something that cannot be cancelled.
import { TimeoutError } from "./errors.ts";

/**
 * Waits for a promise, but not longer than `ms` milliseconds.
 * @throws TimeoutError with the message; whatever the promise does afterwards is nobody's concern
 */
export async function withTimeout<T>(ms: number, promise: Promise<T>, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(message)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
