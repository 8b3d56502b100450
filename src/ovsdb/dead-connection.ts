/**
 * Connections that are dead without a word: something in between drops what belongs to them, while their server is
 * well. A server that works on a large request is silent too, for minutes where the database is large, but to
 * everybody: so a silent server is asked on another connection.
 */
import { type Clock, every } from '../lib/clock.js';

/** What is looked at of a connection. */
export interface Watched {
  /** Somebody waits for an answer. */
  readonly isWaiting: boolean;
  /** Of answers and notifications, also of such as have only begun to arrive. */
  readonly bytesHeard: number;
  readonly closed: Promise<unknown>;
  close(reason: string): void;
}

const LOOK_MS = 5_000;
/** Looks of silence until the server is asked on another connection. */
const SILENT_LOOKS = 12;
/** Answers to others, one after the other and each a look apart, after which the connection is dead. */
const ANSWERS = 3;

/**
 * Closes the connection when it is dead.
 * @param asks whether the server answers on another connection, within some seconds
 */
export function endWhenDead(connection: Watched, clock: Clock, asks: () => Promise<boolean>): void {
  let heard = connection.bytesHeard;
  let looks = 0;
  let answers = 0;
  const look = async (): Promise<void> => {
    if (!connection.isWaiting || connection.bytesHeard !== heard) {
      heard = connection.bytesHeard;
      looks = 0;
      answers = 0;
    } else if (++looks >= SILENT_LOOKS) {
      const answered = await asks();
      if (connection.bytesHeard !== heard) return;
      answers = answered ? answers + 1 : 0;
      if (answers >= ANSWERS)
        connection.close(
          `has not answered for ${((looks * LOOK_MS) / 1_000).toFixed(0)} s, while the server answers others`,
        );
    }
  };
  const callOff = every(clock, LOOK_MS, () => void look());
  void connection.closed.then(callOff);
}
