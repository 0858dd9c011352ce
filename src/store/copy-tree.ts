// Copying a directory so that the copy is on the disk, whole, before it gets its name.
import type { Dirent, PathLike } from "node:fs";
import { copyFile, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/**
 * Copies a directory of files and directories. A copy that is cut short (power cut, kill) leaves nothing under the new name.
 * @param from an existing directory
 * @param to must not exist; its parent must
 */
export async function copyTree(from: string, to: string): Promise<void> {
  const unfinished = `${to}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const place = (entry: Dirent) => join(unfinished, relative(from, join(entry.parentPath, entry.name)));
  await mkdir(unfinished, { mode: 0o700 });
  const directories = entries.filter((entry) => entry.isDirectory()).map(place);
  for (const directory of directories.sort()) await mkdir(directory, { mode: 0o700 });
  await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        await copyFile(join(entry.parentPath, entry.name), place(entry));
        await sync(place(entry), "r+");
      }),
  );
  for (const directory of [...directories, unfinished]) await syncDirectory(directory);
  await rename(unfinished, to);
  await syncDirectory(dirname(to));
}

async function sync(path: PathLike, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Not every system lets one open a directory (Windows): there the file system looks after its names itself. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform !== "win32") await sync(path, "r");
}
