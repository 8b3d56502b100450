/** The queue of one database: who comes when. */
import { DatabaseQueue, DatabaseQueues, type Urgency } from '../../../src/service/restore/life/database-queue.js';

/** A queue whose turns are written down, and end when they are told to. */
function watched() {
  const queue = new DatabaseQueue();
  const turns: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    queue,
    turns,
    add: (id: string, urgency: Urgency): void => {
      queue.add({
        id,
        urgency,
        turn: () => {
          turns.push(id);
          return new Promise((resolve) => ends.set(id, resolve));
        },
      });
    },
    end: async (id: string): Promise<void> => {
      ends.get(id)?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe('the queue of a database', () => {
  it('lets the first one begin at once, and the others one after the other', async () => {
    const { queue, turns, add, end } = watched();
    add('a', 'RESTORE');
    add('b', 'RESTORE');
    add('c', 'RESTORE');
    expect([turns, queue.holder, queue.waitingIds]).toEqual([['a'], 'a', ['b', 'c']]);
    await end('a');
    expect([turns, queue.holder]).toEqual([['a', 'b'], 'b']);
    await end('b');
    await end('c');
    expect([turns, queue.holder, queue.waitingIds]).toEqual([['a', 'b', 'c'], undefined, []]);
  });

  it('takes what has to be recovered first, then undos, then restores, each in the order of their asking', () => {
    const { queue, add } = watched();
    add('holder', 'RESTORE');
    add('restore 1', 'RESTORE');
    add('undo 1', 'UNDO');
    add('recovery 1', 'RECOVERY');
    add('restore 2', 'RESTORE');
    add('recovery 2', 'RECOVERY');
    add('undo 2', 'UNDO');
    expect(queue.waitingIds).toEqual(['recovery 1', 'recovery 2', 'undo 1', 'undo 2', 'restore 1', 'restore 2']);
    expect(queue.holder).toBe('holder');
  });

  it('asks the holder for room when something more urgent waits, and gives it its place again', async () => {
    const { queue, turns, add, end } = watched();
    const rooms: boolean[] = [];
    const entry = {
      id: 'restore 1',
      urgency: 'RESTORE' as const,
      turn: (room: AbortSignal): Promise<void> => {
        turns.push('restore 1');
        if (turns.length > 1) return Promise.resolve();
        return new Promise((resolve) => {
          room.addEventListener('abort', () => {
            rooms.push(true);
            queue.addAgain(entry);
            resolve();
          });
        });
      },
    };
    queue.add(entry);
    add('restore 2', 'RESTORE');
    expect(rooms).toEqual([]);
    add('undo', 'UNDO');
    expect(rooms).toEqual([true]);
    expect(queue.waitingIds).toEqual(['undo', 'restore 1', 'restore 2']);
    await end('restore 1');
    expect(turns).toEqual(['restore 1', 'undo']);
    await end('undo');
    await end('restore 1');
    expect(turns).toEqual(['restore 1', 'undo', 'restore 1', 'restore 2']);
  });

  it('lets go of one that waits, and not of one that has begun', async () => {
    const { queue, turns, add, end } = watched();
    add('a', 'RESTORE');
    add('b', 'RESTORE');
    add('c', 'RESTORE');
    expect([queue.remove('a'), queue.remove('b'), queue.remove('b'), queue.remove('nobody')]).toEqual([
      false,
      true,
      false,
      false,
    ]);
    await end('a');
    expect(turns).toEqual(['a', 'c']);
  });

  it('takes one that is added at the end of a turn after those that waited', async () => {
    const { turns, queue, add, end } = watched();
    queue.add({
      id: 'first',
      urgency: 'RECOVERY',
      turn: async () => {
        turns.push('first');
        add('again', 'RECOVERY');
      },
    });
    add('other', 'RECOVERY');
    await new Promise((resolve) => setImmediate(resolve));
    await end('again');
    await end('other');
    expect(turns).toEqual(['first', 'again', 'other']);
  });

  it('is another one for every database', () => {
    const queues = new DatabaseQueues();
    expect(queues.of('a')).toBe(queues.of('a'));
    expect(queues.of('a')).not.toBe(queues.of('b'));
  });
});
