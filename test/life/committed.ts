/** What ovsdb-server itself has written down of the transactions that it committed: the judge of what was done. */
import { open } from 'node:fs/promises';

export interface Committed {
  /** The restore whose transaction it was; an undo is one, too. */
  readonly id: string;
  /** The restore that it undoes. */
  readonly undoes?: string;
}

const COMMENT = /ovncp: restore ([0-9a-f-]{36})(?: undoes restore ([0-9a-f-]{36}))?/;

/** The file of a database from a place on. */
export class CommittedTransactions {
  private constructor(
    private readonly file: string,
    private readonly from: number,
  ) {}

  /** Those from now on. */
  static async since(file: string): Promise<CommittedTransactions> {
    const handle = await open(file);
    try {
      return new CommittedTransactions(file, (await handle.stat()).size);
    } finally {
      await handle.close();
    }
  }

  /** In their order. */
  async read(): Promise<readonly Committed[]> {
    const handle = await open(this.file);
    try {
      const length = (await handle.stat()).size - this.from;
      const { buffer } = await handle.read(Buffer.alloc(length), 0, length, this.from);
      const found: Committed[] = [];
      for (const line of buffer.toString('utf8').split('\n')) {
        const [, id, undoes] = COMMENT.exec(line) ?? [];
        if (id !== undefined && line.startsWith('{')) found.push({ id, ...(undoes === undefined ? {} : { undoes }) });
      }
      return found;
    } finally {
      await handle.close();
    }
  }
}
