/** How much memory programs take, looked at again and again: one that takes too much must not take the machine down. */
import { readFile } from 'node:fs/promises';
import { type Clock, every } from '../../../lib/clock.js';
import type { Daemon } from './daemon.js';

const EVERY_MS = 250;
const RESIDENT = /^VmRSS:\s+(\d+) kB$/m;

export interface MemoryWatch {
  readonly daemons: () => readonly Daemon[];
  readonly bytesMax: number;
  readonly clock: Clock;
  /** Called once. */
  readonly onExceeded: (bytes: number) => void;
}

/** @returns what ends it */
export function watchMemory({ daemons, bytesMax, clock, onExceeded }: MemoryWatch): () => void {
  let isOver = false;
  const look = async (): Promise<void> => {
    const bytes = await Promise.all(daemons().map(residentBytes));
    const all = bytes.reduce((sum, one) => sum + one, 0);
    if (isOver || all <= bytesMax) return;
    isOver = true;
    onExceeded(all);
  };
  const end = every(clock, EVERY_MS, () => void look());
  return () => {
    isOver = true;
    end();
  };
}

async function residentBytes(daemon: Daemon): Promise<number> {
  const pid = await daemon.pid();
  if (pid === undefined) return 0;
  // it may have ended meanwhile
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return 1024 * Number(RESIDENT.exec(status)?.[1] ?? 0);
}
