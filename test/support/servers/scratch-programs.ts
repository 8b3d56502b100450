/** What is left of drills on this machine: their folders, and programs that run in them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The folders of drills below. */
export async function drillFolders(parent: string): Promise<readonly string[]> {
  const names = await readdir(parent);
  return names.filter((name) => name.startsWith('.drill-')).map((name) => join(parent, name));
}

/** Command lines that name a place below this folder, as drills' programs do. */
export async function programsIn(folder: string): Promise<readonly string[]> {
  return (await programs(folder)).map(([, line]) => line);
}

/** Processes of a program of a drill below this folder; the shell beside it is not among them. */
export async function pidsIn(folder: string, program: string): Promise<readonly number[]> {
  return (await programs(folder)).filter(([, line]) => line.split(' ')[0]?.endsWith(program)).map(([pid]) => pid);
}

async function programs(folder: string): Promise<readonly (readonly [pid: number, line: string])[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    // it may have ended meanwhile
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines
    .map((line, i) => [Number(pids[i]), line.replaceAll('\0', ' ')] as const)
    .filter(([, line]) => line.includes(join(folder, '.drill-')));
}
