/** A short list of labelled links from each of many rows to others, in three arrays for all of them. */
export class Links {
  private readonly heads: Int32Array;
  private nexts = new Int32Array(1024);
  private targets = new Int32Array(1024);
  private labels = new Int32Array(1024);
  private count = 0;

  /** @param rows links go from the rows below this number */
  constructor(rows: number) {
    this.heads = new Int32Array(rows).fill(NO_LINK);
  }

  add(from: number, to: number, label = 0): void {
    if (this.count === this.nexts.length) {
      this.nexts = doubled(this.nexts);
      this.targets = doubled(this.targets);
      this.labels = doubled(this.labels);
    }
    this.nexts[this.count] = this.heads[from] as number;
    this.targets[this.count] = to;
    this.labels[this.count] = label;
    this.heads[from] = this.count++;
  }

  /** The row's link that was added last, or NO_LINK. */
  first(from: number): number {
    return this.heads[from] as number;
  }

  /** The one that was added before it, or NO_LINK. */
  next(link: number): number {
    return this.nexts[link] as number;
  }

  target(link: number): number {
    return this.targets[link] as number;
  }

  label(link: number): number {
    return this.labels[link] as number;
  }
}

export const NO_LINK = -1;

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}
