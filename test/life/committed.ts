/** What ovsdb-server itself has written down of the transactions that it committed: the judge of what was done. */
import { open } from 'node:fs/promises';

export interface Committed {
  /** The restore whose transaction it was; an undo is one, too. */
  readonly id: string;
  /** The restore that it undoes. */
  readonly undoes?: string;
}

const COMMENT = /ovncp: (undoing the steps of )?restore ([0-9a-f-]{36})(?: undoes restore ([0-9a-f-]{36}))?([^"]*)/;
const STEP = /, step (\d+) of (\d+)$/;

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

  /** Those that are whole, in the order of their ends; steps that were taken back are none. */
  async read(): Promise<readonly Committed[]> {
    const handle = await open(this.file);
    try {
      const length = (await handle.stat()).size - this.from;
      const { buffer } = await handle.read(Buffer.alloc(length), 0, length, this.from);
      return wholeOnes(
        buffer
          .toString('utf8')
          .split('\n')
          .filter((line) => line.startsWith('{')),
      );
    } finally {
      await handle.close();
    }
  }
}

function wholeOnes(lines: readonly string[]): readonly Committed[] {
  let found: Committed[] = [];
  for (const line of lines) {
    const [, takenBack, id, undoes, rest = ''] = COMMENT.exec(line) ?? [];
    if (id === undefined) continue;
    if (takenBack !== undefined || rest.includes(': undoing its steps')) {
      found = found.filter((whole) => whole.id !== id);
      continue;
    }
    const [, step, of] = STEP.exec(rest) ?? [];
    // steps come in their order, and one may be sent twice: the second time it changes nothing
    const isAgain = step !== undefined && found.some((whole) => whole.id === id);
    if (step === of && !isAgain) found.push({ id, ...(undoes === undefined ? {} : { undoes }) });
  }
  return found;
}
